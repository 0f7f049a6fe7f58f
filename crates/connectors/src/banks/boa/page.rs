//! The page that the bank answers for the browser: its first form, as a browser would send it by itself. A small reader
//! of pages that a program wrote; scripts are not run, and what is no form of hidden fields is no page for us.

use crate::bank::{BankForm, FormMethod};

/// A page has few fields; what has more is none of the bank's.
const FIELDS_MAX: usize = 50;
/// The longest value known is a 3DS request of some kilobytes.
const VALUE_MAX: usize = 32 * 1024;
/// The longest address that browsers and front ends take.
const ACTION_MAX: usize = 2_048;

/// The first form of a page, with the fields that it holds.
pub(super) fn form(page: &str) -> Option<BankForm> {
    let mut tags = Tags(page);
    let opened = tags.find(|tag| tag.is("form"))?;
    let action = opened.attribute("action")?;
    let is_address = |c: char| c.is_ascii_graphic();
    if action.is_empty() || action.len() > ACTION_MAX || !action.chars().all(is_address) {
        return None;
    }
    let mut fields = Vec::new();
    for tag in tags.by_ref().take_while(|tag| !tag.is("/form")) {
        if !tag.is("input") {
            continue;
        }
        let Some(name) = tag.attribute("name").filter(|name| !name.is_empty()) else {
            continue;
        };
        let value = tag.attribute("value").unwrap_or_default();
        if fields.len() == FIELDS_MAX || !is_sound(&name) || !is_sound(&value) {
            return None;
        }
        fields.push((name, value));
    }
    // A page that broke off may lack a field.
    let is_whole = tags.any(|tag| tag.is("/html"));
    (is_whole && !fields.is_empty()).then_some(BankForm {
        method: FormMethod::Post,
        action,
        fields,
    })
}

/// Of a length that a field can have, and nothing in it that steers; base64 may be broken into lines.
fn is_sound(text: &str) -> bool {
    let steers = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t');
    text.len() <= VALUE_MAX && !text.contains(steers)
}

/// The tags of a page, in order.
struct Tags<'a>(&'a str);

/// What stands between `<` and `>`.
struct Tag<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let (_, rest) = self.0.split_once('<')?;
        let mut quote = None;
        for (at, character) in rest.char_indices() {
            match (quote, character) {
                (None, '>') => {
                    self.0 = &rest[at + 1..];
                    return Some(Tag(&rest[..at]));
                }
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                _ => {}
            }
        }
        None
    }
}

impl Tag<'_> {
    fn is(&self, name: &str) -> bool {
        let own = self.0.split([' ', '\t', '\r', '\n']).next();
        own.is_some_and(|own| own.trim_end_matches('/').eq_ignore_ascii_case(name))
            || name.starts_with('/') && self.0.trim_end().eq_ignore_ascii_case(name)
    }

    /// The value of the first attribute of a name.
    fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.0.trim_start_matches(|c: char| !c.is_whitespace());
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let end = rest.find(|c: char| c == '=' || c.is_whitespace());
            let (own, after) = rest.split_at(end.unwrap_or(rest.len()));
            if own.is_empty() && after.is_empty() {
                return None;
            }
            let after = after.trim_start();
            let (value, following) = match after.strip_prefix('=') {
                Some(after) => quoted(after.trim_start()),
                None => ("", after),
            };
            if own.eq_ignore_ascii_case(name) {
                return Some(unescaped(value));
            }
            rest = following;
        }
    }
}

/// An attribute's value, and what follows it.
fn quoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at(end)
}

/// A value with its references read; one that is unknown stays as it is.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let named = after.split_once(';');
        rest = match named.and_then(|(name, behind)| Some((character(name)?, behind))) {
            Some((character, behind)) => {
                plain.push(character);
                behind
            }
            None => {
                plain.push('&');
                after
            }
        };
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
