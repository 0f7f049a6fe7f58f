//! How texts are compared in a search: without the differences that a Turkish and an English
//! keyboard make. What is stored and shown stays as it was written.

/// Small letters without the dots and tails that a keyboard may lack: `İ`, `I`, `ı` and `i` are one
/// letter, and `İŞ BANKASI`, `iş bankası` and `is bankasi` one text. Both sides of a comparison go
/// through it.
pub fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|letter| match letter {
            'ı' => Some('i'),
            'ş' => Some('s'),
            'ğ' => Some('g'),
            'ü' => Some('u'),
            'ö' => Some('o'),
            'ç' => Some('c'),
            'â' => Some('a'),
            // What is left of a dotted capital I.
            '\u{307}' => None,
            letter => Some(letter),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn the_four_letters_i_are_one() {
        for text in [
            "İŞ BANKASI",
            "iş bankası",
            "IS BANKASI",
            "ıs bankasi",
            "i\u{307}s bankasi",
        ] {
            assert_eq!(folded(text), "is bankasi", "{text}");
        }
    }
}
