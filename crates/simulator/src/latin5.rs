//! ISO-8859-9: Latin 1 but for six letters of Turkish.

/// Byte and letter where Latin 5 is not Latin 1.
const TURKISH: [(u8, char); 6] = [
    (0xD0, 'Ğ'),
    (0xDD, 'İ'),
    (0xDE, 'Ş'),
    (0xF0, 'ğ'),
    (0xFD, 'ı'),
    (0xFE, 'ş'),
];

/// The text of bytes; every byte stands for a letter.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let letter = |byte: &u8| {
        let turkish = TURKISH.iter().find(|(known, _)| known == byte);
        turkish.map_or(char::from(*byte), |(_, letter)| *letter)
    };
    bytes.iter().map(letter).collect()
}

/// The bytes of an XML document; a character without a byte is written as a numeric reference.
pub(crate) fn encode(document: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(document.len());
    for letter in document.chars() {
        let turkish = TURKISH.iter().find(|(_, known)| *known == letter);
        let shared = || {
            let byte = u8::try_from(u32::from(letter)).ok()?;
            (!TURKISH.iter().any(|(taken, _)| *taken == byte)).then_some(byte)
        };
        match turkish.map(|(byte, _)| *byte).or_else(shared) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(format!("&#{};", u32::from(letter)).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turkish_letters_have_their_own_bytes_and_others_a_reference() {
        assert_eq!(
            encode("ĞİŞğış çÖü"),
            b"\xD0\xDD\xDE\xF0\xFD\xFE \xE7\xD6\xFC"
        );
        // Latin 1 has this letter where Latin 5 has another one.
        assert_eq!(encode("ð€"), b"&#240;&#8364;");
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&all)), all);
    }
}
