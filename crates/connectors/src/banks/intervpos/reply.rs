//! The text that InterVPOS answers with: `name=value` between pairs of semicolons, sometimes three of them. Nothing
//! marks its end, so what decides must be followed by something: the last value of a text may be a cut one.

use crate::bank::Doubt;
use crate::banks::{message, unreadable};
use crate::http::REPLY_BYTES_MAX;
use crate::xml::decode;

/// Replies have about 40 fields.
const FIELDS_MAX: usize = 200;
const END: &str = ";;";

/// The fields of a reply, in order.
pub(super) struct Reply {
    fields: Vec<(String, String)>,
    /// Nothing follows the last one.
    is_open: bool,
}

impl Reply {
    /// Reads a reply, whatever its charset. A piece without a name is none of ours.
    pub(super) fn read(body: &[u8]) -> Result<Reply, Doubt> {
        if body.len() > REPLY_BYTES_MAX {
            return Err(unreadable("the reply is too long"));
        }
        let text = decode(body);
        let text = text.trim();
        let mut fields = Vec::new();
        for piece in text.split(END) {
            let piece = piece.trim_matches(';').trim();
            if piece.is_empty() {
                continue;
            }
            let (name, value) = piece
                .split_once('=')
                .ok_or_else(|| unreadable("the reply has a piece without a name"))?;
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
            if fields.len() > FIELDS_MAX {
                return Err(unreadable("the reply has too many fields"));
            }
        }
        let is_open = !text.ends_with(END);
        Ok(Reply { fields, is_open })
    }

    fn all(&self, name: &str) -> impl Iterator<Item = (usize, &str)> {
        let fields = self.fields.iter().enumerate();
        fields
            .filter(move |(_, (known, _))| known.eq_ignore_ascii_case(name))
            .map(|(at, (_, value))| (at, value.as_str()))
    }

    /// What decides something: empty when it is not there. Refused when it is not plain ASCII, stands again
    /// and says something else, or may be cut.
    pub(super) fn exact(&self, name: &'static str) -> Result<&str, Doubt> {
        let damaged = || unreadable(&format!("the reply's {name} is damaged or says two things"));
        let mut said = None;
        for (at, value) in self.all(name) {
            let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            let may_be_cut = self.is_open && at + 1 == self.fields.len();
            if !plain || may_be_cut || said.is_some_and(|before| before != value) {
                return Err(damaged());
            }
            said = Some(value);
        }
        Ok(said.unwrap_or_default())
    }

    /// The same of a field that must be there, empty or not: in a cut text it may be missing.
    pub(super) fn needed(&self, name: &'static str) -> Result<&str, Doubt> {
        if self.all(name).next().is_none() {
            return Err(unreadable(&format!("the reply has no {name}")));
        }
        self.exact(name)
    }

    /// A value that is whole by its length, also where nothing follows it.
    pub(super) fn of_length(&self, name: &'static str, length: usize) -> Result<&str, Doubt> {
        let last = self.all(name).last();
        match last {
            Some((at, value)) if at + 1 == self.fields.len() && value.len() == length => {
                let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let alone = self.all(name).all(|(_, other)| other == value);
                (plain && alone)
                    .then_some(value)
                    .ok_or_else(|| unreadable(&format!("the reply's {name} is damaged")))
            }
            _ => self.needed(name),
        }
    }

    /// Words for people, clean; they may be damaged.
    pub(super) fn words(&self, name: &str) -> String {
        self.all(name)
            .next()
            .map_or_else(String::new, |(_, value)| message(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_between_two_semicolons_or_three() {
        let text =
            b"\xef\xbb\xbfOrderId=1;;;Hash=a=b==;;ERRORMESSAGE=G\xfcn;; Amount = 1,01 ;;;;Last=7";
        let reply = Reply::read(text).unwrap();
        let said = |name| reply.exact(name).unwrap();
        assert_eq!(
            [said("orderid"), said("Hash"), said("Amount"), said("None")],
            ["1", "a=b==", "1,01", ""]
        );
        assert!(reply.needed("None").is_err());
        assert!(reply.exact("Last").is_err(), "it may be cut");
        assert!(reply.of_length("Last", 2).is_err());
        assert_eq!(reply.of_length("Last", 1).unwrap(), "7");
        assert_eq!(
            Reply::read(b"Last=7;;").unwrap().exact("Last").unwrap(),
            "7"
        );
        assert!(Reply::read(b"Last=7;").unwrap().exact("Last").is_err());
    }

    #[test]
    fn turkish_letters_come_whole_in_both_charsets_and_decide_nothing() {
        for body in [
            "M=\u{15e}ifre hatal\u{131};;A=1;;".as_bytes(),
            b"M=\xdeifre hatal\xfd;;A=1;;",
        ] {
            let reply = Reply::read(body).unwrap();
            assert_eq!(reply.words("M"), "Şifre hatalı");
            assert!(reply.exact("M").is_err());
        }
    }

    #[test]
    fn what_says_two_things_or_has_no_name_is_refused() {
        let twice = Reply::read(b"A=1;;a=2;;B=3;;b=3;;").unwrap();
        assert!(twice.exact("A").is_err());
        assert_eq!(twice.exact("B").unwrap(), "3");
        assert!(Reply::read(b"A=1;;<html>;;").is_err());
        assert!(Reply::read("A=1;;".repeat(201).as_bytes()).is_err());
        assert!(Reply::read(&vec![b'='; REPLY_BYTES_MAX + 1]).is_err());
    }
}
