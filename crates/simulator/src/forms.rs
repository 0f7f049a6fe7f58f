//! The forms of an HTML page, as far as a played shopper's browser needs them: where a form goes, what it
//! holds, and what can be pressed. A small reader of well-made pages, not an HTML parser; nothing is sent here.

/// A form that can be sent.
#[derive(Debug, PartialEq)]
pub struct Form {
    /// As the page spells it; empty is the page's own address.
    pub action: String,
    /// Sent as `POST`; otherwise as `GET`.
    pub post: bool,
    /// Fields in the page's order.
    fields: Vec<Field>,
    /// Name and value of each button that sends the form.
    buttons: Vec<(String, String)>,
}

#[derive(Debug, PartialEq)]
struct Field {
    name: String,
    value: String,
    kind: Kind,
}

#[derive(Debug, PartialEq)]
enum Kind {
    /// Holds what it holds.
    Hidden,
    /// One of several under a name.
    Radio { checked: bool },
    /// Filled in by the shopper.
    Open,
}

impl Form {
    /// What a browser sends after the shopper gave `answers`: they fill open fields, choose among
    /// radio buttons, and name the button that is pressed. Unanswered radio buttons keep the
    /// checked one, or get the first; without an answer the first button is pressed.
    pub fn filled(&self, answers: &[(&str, &str)]) -> Vec<(String, String)> {
        let answer = |name: &str| {
            let mut given = answers.iter().filter(|(asked, _)| *asked == name);
            given.next().map(|(_, value)| (*value).to_owned())
        };
        let mut sent: Vec<(String, String)> = Vec::new();
        for field in &self.fields {
            let known = sent.iter().position(|(name, _)| *name == field.name);
            let value = match &field.kind {
                Kind::Hidden => field.value.clone(),
                Kind::Open => answer(&field.name).unwrap_or_else(|| field.value.clone()),
                Kind::Radio { checked } => match (known, answer(&field.name)) {
                    (None, wanted) => wanted.unwrap_or_else(|| field.value.clone()),
                    (Some(at), None) if *checked => {
                        sent.remove(at);
                        field.value.clone()
                    }
                    (Some(_), _) => continue,
                },
            };
            sent.push((field.name.clone(), value));
        }
        let pressed = self
            .buttons
            .iter()
            .find(|(name, value)| answer(name).is_some_and(|wanted| wanted == *value));
        let pressed = pressed.or_else(|| self.buttons.first());
        sent.extend(pressed.filter(|(name, _)| !name.is_empty()).cloned());
        sent
    }
}

/// The forms of a page.
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags(page) {
        match (tag.name.as_str(), &mut open) {
            ("form", _) => {
                forms.extend(open.take());
                open = Some(Form {
                    action: tag.attribute("action").unwrap_or_default(),
                    post: tag
                        .attribute("method")
                        .is_some_and(|method| method.eq_ignore_ascii_case("post")),
                    fields: Vec::new(),
                    buttons: Vec::new(),
                });
            }
            ("/form", _) => forms.extend(open.take()),
            ("input", Some(form)) => form.fields.extend(field(&tag)),
            ("button", Some(form)) => form.buttons.push((
                tag.attribute("name").unwrap_or_default(),
                tag.attribute("value").unwrap_or_default(),
            )),
            _ => {}
        }
    }
    forms.extend(open);
    forms
}

/// A field that has a name; others are never sent.
fn field(tag: &Tag) -> Option<Field> {
    let kind = match tag.attribute("type").unwrap_or_default().as_str() {
        "hidden" => Kind::Hidden,
        "radio" => Kind::Radio {
            checked: tag.attribute("checked").is_some(),
        },
        "submit" | "button" | "checkbox" => return None,
        _ => Kind::Open,
    };
    Some(Field {
        name: tag.attribute("name").filter(|name| !name.is_empty())?,
        value: tag.attribute("value").unwrap_or_default(),
        kind,
    })
}

struct Tag {
    /// In lower case; with a slash when it closes.
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<String> {
        let mut named = self.attributes.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| value.clone())
    }
}

fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let end = end_of_tag(after);
        let (inside, following) = after.split_at(end);
        tags.push(tag(inside));
        rest = following;
    }
    tags
}

/// Where a tag's `>` is: one inside quotes is not it.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn tag(inside: &str) -> Tag {
    let (name, mut rest) = inside
        .split_once(char::is_whitespace)
        .unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        if attribute.is_empty() && after.is_empty() {
            break;
        }
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => value(after),
            None => ("", after),
        };
        attributes.push((attribute.to_ascii_lowercase(), unescaped(value)));
        rest = after;
    }
    Tag {
        name: name.to_ascii_lowercase(),
        attributes,
    }
}

/// An attribute's value, and what follows it.
fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        match after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)))
        {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(sent: &[(String, String)]) -> Vec<(&str, &str)> {
        sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
    }

    #[test]
    fn a_form_is_filled_and_sent_with_the_button_that_was_pressed() {
        let page = "<p>1 < 2</p><form method=post action='/a?b=1&amp;c=2'>\
            <input type=\"hidden\" name=\"state\" value=\"a&#x2f;b&quot;&gt;\">\
            <label>Kod <input name=\"otp\" maxlength=6 autofocus></label>\
            <button name=\"action\" value=\"confirm\">Onayla</button>\
            <button name=\"action\" value=\"cancel\">Vazgeç</button></form>";
        let forms = forms(page);
        assert_eq!(forms.len(), 1);
        assert_eq!(
            (forms[0].action.as_str(), forms[0].post),
            ("/a?b=1&c=2", true)
        );
        assert_eq!(
            pairs(&forms[0].filled(&[("otp", "123456"), ("action", "cancel")])),
            [("state", "a/b\">"), ("otp", "123456"), ("action", "cancel")]
        );
        assert_eq!(forms[0].filled(&[])[2].1, "confirm");
    }

    #[test]
    fn of_radio_buttons_one_is_sent() {
        let page = "<form><input type=radio name=term value=3><input type=radio name=term value=6>\
            <input type=radio name=bank value=1><input type=radio name=bank value=2 checked></form>";
        let form = &forms(page)[0];
        assert_eq!(pairs(&form.filled(&[])), [("term", "3"), ("bank", "2")]);
        assert_eq!(
            pairs(&form.filled(&[("term", "6")])),
            [("term", "6"), ("bank", "2")]
        );
    }

    #[test]
    fn broken_pages_end() {
        for page in [
            "<",
            "<form",
            "<form action=",
            "<form action=\"x",
            "<input name=a",
            "& &#; &#x110000;",
            "<a =b>",
        ] {
            forms(page);
            unescaped(page);
        }
    }
}
