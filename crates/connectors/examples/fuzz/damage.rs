//! What is done to a text before a connector reads it: bytes, tags and values are changed, doubled,
//! moved and cut, as broken front ends and liars would.

use super::dice::Dice;

/// Pieces that readers trip over.
const PIECES: [&str; 44] = [
    "&",
    "&amp;",
    "&#0;",
    "&#27;",
    "&#x1b;[31m",
    "&nbsp;",
    "&;",
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml version=\"1.0\"?>",
    "<!DOCTYPE a [<!ENTITY e 'x'>]>",
    "\0",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{202e}",
    "\u{a0}",
    "ş",
    "\r\n",
    "\t",
    " ",
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-1",
    "1e309",
    "99999999999999999999",
    "Approved",
    "Declined",
    "APPROVED",
    "1",
];

/// Values that decide somewhere.
const VALUES: [&str; 41] = [
    "0",
    "1",
    "2",
    "00",
    "0000",
    "01",
    "05",
    "12",
    "51",
    "92",
    "0127",
    "0651",
    "0108",
    "0110",
    "0104",
    "E219",
    "0220",
    "0302",
    "Approved",
    "Declined",
    "APPROVED",
    "DECLINED",
    "VOIDED",
    "",
    "Sale",
    "Sale_Reverse",
    "Bonus_Usage",
    "Authorization",
    "Authorization_Reverse",
    "Capture",
    "Capture_Reverse",
    "Return",
    "WAITINGPOSTAUTH",
    "refund",
    "void",
    "postauth",
    "0788",
    "0208",
    "TL",
    "100",
    "1,00",
];

/// Changes a text in one to four ways.
pub(crate) fn damaged(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..=dice.below(4) {
        match dice.below(10) {
            0 => change_byte(&mut bytes, dice),
            1 => insert(&mut bytes, dice),
            2 => remove(&mut bytes, dice),
            3 => double(&mut bytes, dice),
            4 => bytes.truncate(dice.below(bytes.len() + 1)),
            5..=7 => replace_value(&mut bytes, dice),
            8 => double_element(&mut bytes, dice),
            _ => change_case(&mut bytes, dice),
        }
    }
    bytes
}

fn change_byte(bytes: &mut [u8], dice: &mut Dice) {
    let at = dice.below(bytes.len());
    let byte = dice.byte();
    if let Some(place) = bytes.get_mut(at) {
        *place = byte;
    }
}

fn insert(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let piece = dice.one_of(&PIECES).bytes();
    bytes.splice(at..at, piece);
}

fn some_part(bytes: &[u8], dice: &mut Dice) -> std::ops::Range<usize> {
    let start = dice.below(bytes.len() + 1);
    let length = dice.below((bytes.len() - start).min(80) + 1);
    start..start + length
}

fn remove(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let part = some_part(bytes, dice);
    bytes.drain(part);
}

fn double(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let part = some_part(bytes, dice);
    let piece = bytes[part].to_vec();
    let at = dice.below(bytes.len() + 1);
    bytes.splice(at..at, piece);
}

/// The places of the texts between a `>` and a `<`, or behind a `:` or `=`.
fn values(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (byte, start) {
            (b'<' | b',' | b'}' | b'&' | b';', Some(from)) => {
                found.push(from..at);
                start = None;
            }
            (b'>' | b':' | b'=', _) => start = Some(at + 1),
            _ => {}
        }
    }
    found
}

fn replace_value(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let places = values(bytes);
    let Some(place) = places.get(dice.below(places.len())).cloned() else {
        return;
    };
    let other = if dice.once_in(3) {
        places
            .get(dice.below(places.len()))
            .map(|other| bytes[other.clone()].to_vec())
    } else {
        None
    };
    let value = other.unwrap_or_else(|| dice.one_of(&VALUES).as_bytes().to_vec());
    bytes.splice(place, value);
}

/// One whole `<name>value</name>` stands again somewhere, sometimes with another value.
fn double_element(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let places = values(bytes);
    let Some(place) = places.get(dice.below(places.len())).cloned() else {
        return;
    };
    let start = bytes[..place.start].iter().rposition(|byte| *byte == b'<');
    let end = bytes[place.end..].iter().position(|byte| *byte == b'>');
    let (Some(start), Some(end)) = (start, end) else {
        return;
    };
    let mut element = bytes[start..=place.end + end].to_vec();
    if dice.once_in(2) {
        let inside = place.start - start..place.end - start;
        let value = dice.one_of(&VALUES).bytes();
        element.splice(inside, value);
    }
    let at = if dice.once_in(2) {
        start
    } else {
        place.end + end + 1
    };
    bytes.splice(at..at, element);
}

fn change_case(bytes: &mut [u8], dice: &mut Dice) {
    let part = some_part(bytes, dice);
    for byte in &mut bytes[part] {
        if byte.is_ascii_uppercase() {
            byte.make_ascii_lowercase()
        } else {
            byte.make_ascii_uppercase()
        }
    }
}
