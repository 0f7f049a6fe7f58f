//! A small XML tree, enough for the banks' protocols: elements with text. Attributes are written
//! where a bank has them and never read. Requests are hostile input, so depth and element count are capped and DOCTYPE is refused.

use quick_xml::Reader;
use quick_xml::events::Event;

const MAX_DEPTH: usize = 16;
const MAX_ELEMENTS: usize = 1_000;

/// One element: its name, its own text (trimmed when read) and its children in order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
    /// Behind the name of what is written, as they stand.
    pub(crate) attributes: &'static str,
}

impl Node {
    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name; empty when there is none.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// The element with these attributes.
    pub(crate) fn with(self, attributes: &'static str) -> Node {
        Node { attributes, ..self }
    }

    /// The element with its text as an XML document under `declaration`; `escape_all` writes every
    /// character beyond ASCII as a numeric reference.
    pub(crate) fn document(&self, declaration: &str, escape_all: bool) -> Vec<u8> {
        let mut out = String::with_capacity(1_024);
        out.push_str(declaration);
        self.write(&mut out, escape_all);
        out.into_bytes()
    }

    fn write(&self, out: &mut String, escape_all: bool) {
        out.push('<');
        out.push_str(&self.name);
        if !self.attributes.is_empty() {
            out.push(' ');
            out.push_str(self.attributes);
        }
        out.push('>');
        escape(&self.text, escape_all, out);
        for child in &self.children {
            child.write(out, escape_all);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// An element that holds text.
pub(crate) fn text(name: &str, text: impl Into<String>) -> Node {
    Node {
        name: name.to_owned(),
        text: text.into(),
        ..Node::default()
    }
}

/// An element that holds elements.
pub(crate) fn node(name: &str, children: Vec<Node>) -> Node {
    Node {
        name: name.to_owned(),
        children,
        ..Node::default()
    }
}

fn escape(text: &str, escape_all: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other if escape_all && !other.is_ascii() => {
                out.push_str(&format!("&#{};", u32::from(other)));
            }
            // XML 1.0 has no way to write these at all.
            other if other.is_control() && !matches!(other, '\n' | '\t' | '\r') => out.push(' '),
            other => out.push(other),
        }
    }
}

/// Reads one document. The error says what is wrong, without quoting the input.
pub(crate) fn parse(document: &str) -> Result<Node, &'static str> {
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
    let mut open: Vec<Node> = Vec::new();
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|_| "not well-formed XML")? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err("too deep or too many elements");
                }
                open.push(text(start.name().0, ""));
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err("too deep or too many elements");
                }
                let empty = text(start.name().0, "");
                match open.last_mut() {
                    Some(parent) => parent.children.push(empty),
                    None => return Ok(empty),
                }
            }
            Event::End(_) => {
                let mut closed = open.pop().ok_or("an end without a start")?;
                closed.text = closed.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Ok(closed),
                }
            }
            Event::Text(characters) => append(&mut open, &characters.into_inner()),
            Event::CData(characters) => append(&mut open, &characters.into_inner()),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|_| "a bad reference")?;
                let character = match character {
                    Some(character) => character,
                    None => predefined(&reference.into_inner()).ok_or("an unknown entity")?,
                };
                append(&mut open, character.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err("DOCTYPE is refused"),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return Err("the document ends early"),
        }
    }
}

fn append(open: &mut [Node], characters: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(characters);
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_text_entities_and_blanks() {
        let root = parse("<?xml version='1.0'?><a><b> 1 &amp; &#x130; </b><c/><![CDATA[x]]></a>");
        let root = root.unwrap();
        assert_eq!(root.value("b"), "1 & İ");
        assert_eq!(root.value("c"), "");
        assert_eq!(root.value("missing"), "");
    }

    #[test]
    fn refuses_hostile_documents() {
        assert!(parse("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>").is_err());
        assert!(parse("<a>&x;</a>").is_err());
        assert!(parse("<a><b></a>").is_err());
        assert!(parse("").is_err());
        assert!(parse(&"<a>".repeat(1_000_000)).is_err());
        assert!(parse(&format!("<a>{}</a>", "<b/>".repeat(2_000))).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        let written = node("r", vec![text("t", "a<b>&\"İ\u{1}")]).document("", true);
        let written = String::from_utf8(written).unwrap();
        assert!(written.is_ascii());
        assert_eq!(parse(&written).unwrap().value("t"), "a<b>&\"İ");
    }
}
