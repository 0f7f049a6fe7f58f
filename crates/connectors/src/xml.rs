//! The little XML that banks speak: elements and text, read warily and written plainly.
//!
//! No attributes, no document types, no entities of the sender's own, no namespaces: a reply that
//! needs them is refused.

use crate::http::REPLY_BYTES_MAX;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::borrow::Cow;

/// Elements may lie this deep; the deepest bank reply we know has six levels.
const DEPTH_MAX: usize = 16;

/// A reply that is not the XML we accept. Says nothing of its content, which may be secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// An element of a received document. Attributes are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Reads a whole document of at most [`REPLY_BYTES_MAX`] bytes, in UTF-8 or ISO-8859-9.
    pub fn parse(bytes: &[u8]) -> Result<Element, Unreadable> {
        if bytes.len() > REPLY_BYTES_MAX {
            return Err(Unreadable);
        }
        let text = decode(bytes);
        let mut reader = Reader::from_str(&text);
        let mut open: Vec<Element> = Vec::new();
        let mut root: Option<Element> = None;
        loop {
            match reader.read_event().map_err(|_| Unreadable)? {
                Event::Start(tag) => {
                    if root.is_some() || open.len() == DEPTH_MAX {
                        return Err(Unreadable);
                    }
                    open.push(Element::named(tag.name().as_ref()));
                }
                Event::Empty(tag) => {
                    close(Element::named(tag.name().as_ref()), &mut open, &mut root)?
                }
                Event::End(_) => {
                    let element = open.pop().ok_or(Unreadable)?;
                    close(element, &mut open, &mut root)?;
                }
                Event::Text(piece) => add_text(&mut open, &piece)?,
                Event::CData(piece) => add_text(&mut open, &piece)?,
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref().map_err(|_| Unreadable)? {
                        Some(character) => character,
                        None => predefined(&reference)?,
                    };
                    add_text(&mut open, resolved.encode_utf8(&mut [0; 4]))?;
                }
                Event::Decl(_) | Event::Comment(_) => {}
                Event::PI(_) | Event::DocType(_) => return Err(Unreadable),
                Event::Eof if open.is_empty() => return root.ok_or(Unreadable),
                Event::Eof => return Err(Unreadable),
            }
        }
    }

    fn named(name: &str) -> Element {
        Element {
            name: name.to_owned(),
            ..Element::default()
        }
    }

    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its own text without surrounding blanks: banks pad values (`<approved> 1 </approved>`).
    pub fn value(&self) -> &str {
        self.text.trim()
    }

    /// The elements inside, in order.
    pub fn children(&self) -> &[Element] {
        &self.children
    }

    /// The elements of this name inside, in order.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at `path`.
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| {
            element.children.iter().find(|child| child.name == *name)
        })
    }

    /// The trimmed text at `path`; empty when there is none.
    pub fn text(&self, path: &[&str]) -> &str {
        self.at(path).map_or("", Element::value)
    }
}

/// Closes `element` into its parent, or as the document's root when it has none.
fn close(
    element: Element,
    open: &mut [Element],
    root: &mut Option<Element>,
) -> Result<(), Unreadable> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(Unreadable),
    }
    Ok(())
}

fn add_text(open: &mut [Element], piece: &str) -> Result<(), Unreadable> {
    match open.last_mut() {
        Some(element) => element.text.push_str(piece),
        // A byte-order mark before the declaration is harmless.
        None if piece.trim_matches('\u{feff}').trim().is_empty() => {}
        None => return Err(Unreadable),
    }
    Ok(())
}

fn predefined(entity: &str) -> Result<char, Unreadable> {
    match entity {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Unreadable),
    }
}

/// UTF-8 where it is valid, whatever the declaration says; else ISO-8859-9, the Turkish Latin-1.
/// Only texts for people hold anything but ASCII, so a wrong guess cannot change an outcome.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| latin5(*byte)).collect()),
    }
}

fn latin5(byte: u8) -> char {
    match byte {
        0xd0 => 'Ğ',
        0xdd => 'İ',
        0xde => 'Ş',
        0xf0 => 'ğ',
        0xfd => 'ı',
        0xfe => 'ş',
        other => char::from(other),
    }
}

/// Writes a document from the outside in.
pub struct Writer {
    text: String,
}

impl Writer {
    /// A UTF-8 document whose root is `root`.
    pub fn document(root: &str, write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::fragment();
        writer
            .text
            .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        writer.element(root, write);
        writer.finish()
    }

    /// A piece of a document, without declaration.
    pub fn fragment() -> Writer {
        Writer {
            text: String::new(),
        }
    }

    /// The text written.
    pub fn finish(self) -> String {
        self.text
    }

    /// An element with elements inside.
    pub fn element(&mut self, name: &str, write: impl FnOnce(&mut Writer)) {
        self.tag("<", name);
        write(self);
        self.tag("</", name);
    }

    /// An element with text inside. Characters that XML cannot carry are left out.
    pub fn leaf(&mut self, name: &str, value: &str) {
        self.tag("<", name);
        escape_into(&mut self.text, value);
        self.tag("</", name);
    }

    fn tag(&mut self, opening: &str, name: &str) {
        self.text.push_str(opening);
        self.text.push_str(name);
        self.text.push('>');
    }
}

fn escape_into(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_trimmed_and_found_by_path() {
        let bytes = b"\xef\xbb\xbf<?xml version=\"1.0\"?><a x='1'><b> 1 </b><b>2</b><c/><d>&lt;&#65;<![CDATA[&]]></d></a>\n";
        let root = Element::parse(bytes).unwrap();
        assert_eq!(root.name(), "a");
        assert_eq!(root.text(&["b"]), "1");
        assert_eq!(
            root.all("b").map(Element::value).collect::<Vec<_>>(),
            ["1", "2"]
        );
        assert_eq!(root.text(&["d"]), "<A&");
        assert_eq!((root.text(&["c"]), root.text(&["c", "no"])), ("", ""));
    }

    #[test]
    fn turkish_letters_are_read_in_both_encodings() {
        let latin5 = b"<?xml version=\"1.0\" encoding=\"iso-8859-9\"?><a>\xdd\xdelem</a>";
        assert_eq!(Element::parse(latin5).unwrap().value(), "İŞlem");
        assert_eq!(
            Element::parse("<a>İŞlem</a>".as_bytes()).unwrap().value(),
            "İŞlem"
        );
    }

    #[test]
    fn what_is_not_plain_xml_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(17), "</a>".repeat(17));
        let long = format!("<a>{}</a>", " ".repeat(REPLY_BYTES_MAX));
        for hostile in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a></a><b></b>",
            "<a></a><b/>",
            "<a></a>text",
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
            "<!DOCTYPE a><a></a>",
            "<a>&e;</a>",
            "<a>&#0;</a>",
            "<?php x ?><a></a>",
            &deep,
            &long,
        ] {
            let shown = hostile.get(..40).unwrap_or(hostile);
            assert_eq!(
                Element::parse(hostile.as_bytes()),
                Err(Unreadable),
                "{shown}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in "\\PC{0,40}") {
            let text = Writer::document("a", |w| w.element("b", |w| w.leaf("c", &value)));
            let root = Element::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(root.text(&["b", "c"]), value.trim());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Element::parse(&bytes);
        }

        #[test]
        fn no_markup_makes_the_reader_panic(text in "[<>/a-c&;#!\\[\\]\\-?x \"'=0-9]{0,60}") {
            let _ = Element::parse(text.as_bytes());
        }
    }
}
