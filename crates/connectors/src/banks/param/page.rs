//! The form inside the page that Param hands out for the shopper's browser. A small reader of well-made pages: what
//! it does not understand it refuses, for a page that is not shown moves no money.

use crate::bank::{BankForm, FormMethod};

/// A bank's form has fewer fields by far.
const FIELDS_MAX: usize = 200;

/// The one form of a page, with its fields in order.
pub(super) fn form(page: &str) -> Option<BankForm> {
    let mut form: Option<BankForm> = None;
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, behind) = tag(after)?;
        // What a script or comment says is no tag.
        rest = match tag.name.as_str() {
            "script" | "style" => behind.split_once("</")?.1,
            "!--" => after.split_once("-->")?.1,
            _ => behind,
        };
        match (tag.name.as_str(), &mut form) {
            ("form", None) if tag.get("method")?.eq_ignore_ascii_case("post") => {
                form = Some(BankForm {
                    method: FormMethod::Post,
                    action: tag.get("action")?.to_owned(),
                    fields: Vec::new(),
                });
            }
            ("form", _) => return None,
            ("input", Some(form)) => match tag.get("type").unwrap_or("text") {
                kind if ["submit", "button", "image", "reset"].contains(&kind) => {}
                "hidden" | "text" if form.fields.len() < FIELDS_MAX => {
                    if let Some(name) = tag.get("name") {
                        let value = tag.get("value").unwrap_or_default();
                        form.fields.push((name.to_owned(), value.to_owned()));
                    }
                }
                _ => return None,
            },
            ("select" | "textarea", Some(_)) => return None,
            _ => {}
        }
    }
    let is_clean = |text: &String| !text.chars().any(char::is_control);
    form.filter(|form| {
        let texts = form.fields.iter().flat_map(|(name, value)| [name, value]);
        is_clean(&form.action) && texts.into_iter().all(is_clean)
    })
}

struct Tag {
    /// In small letters; a closing one begins with a slash.
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.attributes.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| value.as_str())
    }
}

/// The tag behind a `<`, and what follows it.
fn tag(text: &str) -> Option<(Tag, &str)> {
    if text.starts_with("!--") {
        let attributes = Vec::new();
        let name = "!--".to_owned();
        return Some((Tag { name, attributes }, text));
    }
    let ends = |c: char| c.is_whitespace() || c == '>';
    let (name, mut rest) = text.split_at(text.find(ends)?);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            let name = name.trim_end_matches('/').to_ascii_lowercase();
            return Some((Tag { name, attributes }, behind));
        }
        let end = rest.find(|c: char| c == '=' || c == '/' || ends(c))?;
        let (attribute, behind) = rest.split_at(end);
        let (value, behind) = match behind.strip_prefix('=') {
            None => ("", behind),
            Some(behind) => match behind.chars().next()? {
                quote @ ('"' | '\'') => behind[1..].split_once(quote)?,
                _ => behind.split_at(behind.find(ends)?),
            },
        };
        if attribute.is_empty() && value.is_empty() {
            return None;
        }
        attributes.push((attribute.to_ascii_lowercase(), unescaped(value)?));
        rest = behind;
    }
}

/// A value whose references stand for their characters.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let named = |name: &str| match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        };
        // An `&` in an address often begins none.
        let reference = after.split_once(';');
        rest = match reference.and_then(|(name, behind)| Some((named(name)?, behind))) {
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
    Some(plain)
}
