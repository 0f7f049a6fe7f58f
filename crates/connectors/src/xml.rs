//! The little XML that banks speak: elements and text, read warily and written plainly.
//!
//! What the reader forgives stands here and nowhere else; decision 0015 has the reasons. It forgives
//! what every other client of a bank reads too: an `&` that begins no entity, characters that XML
//! forbids, a wrong or missing word about the encoding, blanks and padding around the document and
//! around values, elements in any order and letter case, CDATA, attributes and processing
//! instructions, which say nothing to us. It never forgives what changes structure: a document type
//! (its entities could say anything), tags that do not match, a second root, text beside the root.
//!
//! Forgiving ends where something is decided. [`Element::exact`] reads what decides (outcome and
//! approval code, references, order id, amount, currency, status, hashes): it must be plain ASCII
//! that nothing was forgiven in, and stand once or always say the same. [`Element::word`] knows a bank's
//! own words by the same rule. [`Element::words`] reads what is only kept or shown: it may be damaged,
//! and comes clean.

use crate::http::{LIST_BYTES_MAX, REPLY_BYTES_MAX};
use crate::scrub::kept_words;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1254};
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::borrow::Cow;

/// Elements may lie this deep; the deepest bank reply we know has six levels.
const DEPTH_MAX: usize = 16;

/// A reply that is not the XML we accept. Says nothing of its content, which may be secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// An element that decides something is damaged, or says two things. Holds its name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged(pub &'static str);

/// An element of a received document. Attributes are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    name: String,
    text: String,
    /// Something in the text was forgiven.
    forgiven: bool,
    children: Vec<Element>,
}

impl Element {
    /// Reads a whole document of at most [`REPLY_BYTES_MAX`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<Element, Unreadable> {
        Element::parse_of(bytes, REPLY_BYTES_MAX)
    }

    /// The same of a day's list, which may have [`LIST_BYTES_MAX`] bytes.
    pub fn parse_list(bytes: &[u8]) -> Result<Element, Unreadable> {
        Element::parse_of(bytes, LIST_BYTES_MAX)
    }

    fn parse_of(bytes: &[u8], bytes_max: usize) -> Result<Element, Unreadable> {
        if bytes.len() > bytes_max {
            return Err(Unreadable);
        }
        let text = decode(bytes);
        let mut reader = Reader::from_str(&text);
        reader.config_mut().allow_dangling_amp = true;
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
                // Entities come apart from the text, so an `&` in it begins none.
                Event::Text(piece) => add_text(&mut open, &piece, piece.contains('&'))?,
                Event::CData(piece) => add_text(&mut open, &piece, false)?,
                Event::GeneralRef(reference) => match character(&reference) {
                    Some(character) => {
                        add_text(&mut open, character.encode_utf8(&mut [0; 4]), false)?
                    }
                    None => add_text(&mut open, &format!("&{};", &*reference), true)?,
                },
                // Between elements they say nothing. Within a text they cut it in two, and readers
                // differ in what is left of it.
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) if open.is_empty() => {}
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => add_text(&mut open, "", true)?,
                Event::DocType(_) => return Err(Unreadable),
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

    /// The same element, every name without the prefix of its namespace: which names they are, the place says that
    /// they stand in.
    #[must_use]
    pub fn without_prefixes(mut self) -> Element {
        if let Some((_, local)) = self.name.split_once(':') {
            self.name = local.to_owned();
        }
        let children = self.children.into_iter();
        self.children = children.map(Element::without_prefixes).collect();
        self
    }

    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the element has this name. Letter case says nothing.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its own text without surrounding blanks: banks pad values (`<approved> 1 </approved>`).
    /// Hostile as it came: [`Element::exact`] and [`Element::words`] are for use.
    pub fn value(&self) -> &str {
        self.text.trim()
    }

    /// The elements inside, in order.
    pub fn children(&self) -> &[Element] {
        &self.children
    }

    /// The elements of this name inside, in order.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// The one element of this name inside, if any: two that hold elements could be mixed up.
    pub fn only(&self, name: &'static str) -> Result<Option<&Element>, Damaged> {
        let mut found = self.all(name);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(Damaged(name)),
        }
    }

    /// The one element at `path`, if any.
    pub fn at(&self, path: &[&'static str]) -> Result<Option<&Element>, Damaged> {
        let mut element = Some(self);
        for name in path {
            element = match element {
                Some(element) => element.only(name)?,
                None => return Ok(None),
            };
        }
        Ok(element)
    }

    /// The text at `path` of what decides something; empty when there is none. Refused when it is
    /// not plain ASCII, holds elements, or stands again and says something else.
    pub fn exact(&self, path: &[&'static str]) -> Result<&str, Damaged> {
        let plain = |byte: u8| (b' '..=b'~').contains(&byte);
        self.decisive(path, |value| value.bytes().all(plain))
    }

    /// The words at `path` that decide something, in the bank's language; empty when there are none. Refused like
    /// [`Element::exact`], and when anything of them would have to be cleaned away.
    pub fn phrase(&self, path: &[&'static str]) -> Result<&str, Damaged> {
        self.decisive(path, |value| kept_words(value) == value)
    }

    fn decisive(
        &self,
        path: &[&'static str],
        is_sound: impl Fn(&str) -> bool,
    ) -> Result<&str, Damaged> {
        let Some((name, above)) = path.split_last() else {
            return Err(Damaged("document"));
        };
        let Some(holder) = self.at(above)? else {
            return Ok("");
        };
        let said = holder.said(name, is_sound)?;
        Ok(said.unwrap_or(""))
    }

    /// Which of `words` stands in the element `name`, letter by letter: what decides in a language that ASCII cannot
    /// write. Nothing where it is another text or none.
    pub fn word<'a>(
        &self,
        name: &'static str,
        words: &[&'a str],
    ) -> Result<Option<&'a str>, Damaged> {
        let said = self.said(name, |_| true)?;
        let mut known = words.iter().copied();
        Ok(known.find(|word| said == Some(word)))
    }

    /// What every element of this name inside says, if there is one: sound, without elements, and everywhere the same.
    fn said(
        &self,
        name: &'static str,
        is_sound: impl Fn(&str) -> bool,
    ) -> Result<Option<&str>, Damaged> {
        let mut said = None;
        for element in self.all(name) {
            let value = element.value();
            let sound = !element.forgiven && element.children.is_empty() && is_sound(value);
            if !sound || said.is_some_and(|before| before != value) {
                return Err(Damaged(name));
            }
            said = Some(value);
        }
        Ok(said)
    }

    /// The columns of a text that decides something: between tabs, each plain ASCII without blanks around it.
    /// `name` names the element where one is damaged.
    pub fn columns(&self, name: &'static str) -> Result<Vec<&str>, Damaged> {
        let plain = |byte: u8| (b' '..=b'~').contains(&byte) || byte == b'\t';
        if self.forgiven || !self.children.is_empty() || !self.text.bytes().all(plain) {
            return Err(Damaged(name));
        }
        Ok(self.text.split('\t').map(str::trim).collect())
    }

    /// The text at `path` of what is only kept or shown, clean and not endless; empty when there is
    /// none.
    pub fn words(&self, path: &[&'static str]) -> String {
        let found = path
            .iter()
            .try_fold(self, |element, name| element.all(name).next());
        found.map_or_else(String::new, Element::own_words)
    }

    /// The element's own text, clean and not endless.
    pub fn own_words(&self) -> String {
        kept_words(&self.text)
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

fn add_text(open: &mut [Element], piece: &str, forgiven: bool) -> Result<(), Unreadable> {
    // Front ends pad a document with blanks, zero bytes and byte-order marks.
    let padding = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    match open.last_mut() {
        Some(element) => {
            element.text.push_str(piece);
            element.forgiven |= forgiven;
        }
        None if piece.chars().all(padding) => {}
        None => return Err(Unreadable),
    }
    Ok(())
}

/// What a reference stands for: a character's number, or one of XML's own five names.
fn character(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        Ok(None) => match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
        Err(_) => None,
    }
}

/// The text behind the bytes, whatever the declaration says: banks declare one encoding and send
/// another. A byte-order mark decides; else UTF-8 where it is valid, else Windows-1254, which holds
/// all of ISO-8859-9. What decides is ASCII or a word that is known letter by letter, so a wrong guess
/// cannot change an outcome.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let (encoding, rest) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, bytes.get(mark..).unwrap_or_default()),
        None => (UTF_8, bytes),
    };
    if encoding != UTF_8 {
        return encoding.decode_without_bom_handling(rest).0;
    }
    match std::str::from_utf8(rest) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1254.decode_without_bom_handling(rest).0,
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
        assert_eq!(root.exact(&["c"]), Ok(""));
        assert_eq!(
            root.all("b").map(Element::value).collect::<Vec<_>>(),
            ["1", "2"]
        );
        assert_eq!(root.exact(&["d"]), Ok("<A&"));
        assert_eq!(root.exact(&["c", "no"]), Ok(""));
        assert_eq!(root.exact(&["b"]), Err(Damaged("b")));
    }

    #[test]
    fn what_every_other_client_reads_is_read() {
        for document in [
            "<a><b>1</b><c>x</c></a>",
            " \r\n\0<?xml version=\"1.0\" encoding=\"nonsense\"?>\n<A><C>x</C><B> 1\t</B></A>\n\0\u{feff}",
            "<?xml-stylesheet href='x'?><a><b><![CDATA[1]]></b><c>x</c></a><!-- end -->",
            "<a x='1' xmlns='urn:y'><c>x</c><b y=1>&#49;</b></a>",
            "<a>\u{7}<b>1</b>stray & text<c>x</c></a>",
            "<a><b>1</b><b>1</b><c>x</c><c>y</c></a>",
        ] {
            let root = Element::parse(document.as_bytes()).unwrap();
            assert!(root.is("a"), "{document}");
            assert_eq!(root.exact(&["b"]), Ok("1"), "{document}");
            assert_eq!(root.words(&["c"]), "x", "{document}");
        }
    }

    #[test]
    fn what_is_shown_may_be_damaged_and_what_decides_may_not() {
        for (text, words) in [
            ("A & B", "A & B"),
            ("A&", "A&"),
            ("A &B; C", "A &B; C"),
            ("A&nbsp;B", "A&nbsp;B"),
            ("1&#0;", "1&#0;"),
            ("1\0", "1"),
            ("1&#27;[31m2", "12"),
            ("\u{1b}[31m1", "1"),
            ("ÇELİK", "ÇELİK"),
        ] {
            let root = Element::parse(format!("<a><b>{text}</b></a>").as_bytes()).unwrap();
            assert_eq!(root.words(&["b"]), words, "{text:?}");
            assert_eq!(root.exact(&["b"]), Err(Damaged("b")), "{text:?}");
        }
        for document in [
            "<a><b>1</b><b>0</b></a>",
            "<a><b>1</b><B>0</B></a>",
            "<a><b>1</b><b/></a>",
            "<a><b>1<c/></b></a>",
        ] {
            let root = Element::parse(document.as_bytes()).unwrap();
            assert_eq!(root.exact(&["b"]), Err(Damaged("b")), "{document}");
        }
        let twice = Element::parse(b"<a><b><c>1</c></b><b/></a>").unwrap();
        assert_eq!(twice.exact(&["b", "c"]), Err(Damaged("b")));
    }

    #[test]
    fn words_that_decide_are_whole_in_any_language() {
        let said = |text: &str| {
            let root = Element::parse(format!("<a><b>{text}</b></a>").as_bytes()).unwrap();
            root.phrase(&["b"]).map(str::to_owned)
        };
        assert_eq!(
            said(" Kayıt bulunamadı. "),
            Ok("Kayıt bulunamadı.".to_owned())
        );
        for damaged in [
            "bulun\u{202e}amadı",
            "\u{1b}[2Jbulunamadı",
            "bulunamadı & yok",
            "a<c/>",
        ] {
            assert_eq!(said(damaged), Err(Damaged("b")), "{damaged:?}");
        }
    }

    #[test]
    fn a_word_that_decides_is_known_letter_by_letter() {
        let known = ["Satış", "İade"];
        let of = |text: &str| {
            let root = Element::parse(format!("<a>{text}</a>").as_bytes()).unwrap();
            root.word("b", &known)
        };
        for (text, word) in [
            ("<b> Satış </b>", Some("Satış")),
            ("<b>&#304;ade</b>", Some("İade")),
            ("<b>İade</b><B>İade</B>", Some("İade")),
            ("<b>satış</b>", None),
            ("<b>Satıs</b>", None),
            ("<b>Satı\u{200b}ş</b>", None),
            ("<b>Satis\u{327}</b>", None),
            ("<b/>", None),
            ("", None),
        ] {
            assert_eq!(of(text), Ok(word), "{text}");
        }
        for text in [
            "<b>Satış</b><b>İade</b>",
            "<b>Sat<!-- -->ış</b>",
            "<b>Satış<c/></b>",
            "<b>Satış &</b>",
        ] {
            assert_eq!(of(text), Err(Damaged("b")), "{text}");
        }
    }

    #[test]
    fn turkish_letters_are_read_in_every_encoding() {
        let utf16: Vec<u8> = "\u{feff}<a>İŞlem</a>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(Element::parse(&utf16).unwrap().value(), "İŞlem");
        let windows = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><a>\xdd\xdelem \x80</a>";
        assert_eq!(Element::parse(windows).unwrap().value(), "İŞlem €");
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
            "<a><b></a></b>",
            "<a><b>1</B></a>",
            "<a></a>1",
            "1<a></a>",
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
            let read = root.at(&["b", "c"]).unwrap().unwrap();
            prop_assert_eq!(read.value(), value.trim());
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
