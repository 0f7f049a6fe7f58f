//! The templates, and what they can ask for: texts in two languages, and amounts.

use super::amounts;
use super::lang::Lang;
use minijinja::value::Value;
use minijinja::{Environment, State, UndefinedBehavior, context};

/// The templates.
pub(super) struct Templates(Environment<'static>);

const TEMPLATES: [(&str, &str); 10] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("catalogue.html", include_str!("templates/catalogue.html")),
    ("checkout.html", include_str!("templates/checkout.html")),
    ("rewards.html", include_str!("templates/rewards.html")),
    ("order.html", include_str!("templates/order.html")),
    ("orders.html", include_str!("templates/orders.html")),
    ("message.html", include_str!("templates/message.html")),
    ("calls.html", include_str!("templates/calls.html")),
    ("cards.html", include_str!("templates/cards.html")),
    ("faults.html", include_str!("templates/faults.html")),
];

impl Templates {
    /// Reads the templates. Names end in `.html`, so every value is escaped. The error names the
    /// template that cannot be read, and its line.
    pub(super) fn new() -> Result<Templates, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        for (name, text) in TEMPLATES {
            let added = environment.add_template(name, text);
            added.map_err(|error| error.to_string())?;
        }
        environment.add_function("t", |state: &State, tr: String, en: String| {
            lang_of(state).of(&tr, &en).to_owned()
        });
        environment.add_filter("money", |state: &State, kurus: i64| {
            amounts::money_text(kurus, lang_of(state))
        });
        Ok(Templates(environment))
    }

    /// A piece of HTML.
    pub(super) fn fragment(&self, name: &str, lang: Lang, values: Value) -> String {
        let values = context! { lang => lang.code(), ..values };
        let html = self
            .0
            .get_template(name)
            .and_then(|template| template.render(values));
        html.unwrap_or_else(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                name,
                "a page cannot be rendered"
            );
            String::new()
        })
    }
}

fn lang_of(state: &State) -> Lang {
    let code = state.lookup("lang");
    let code = code.as_ref().and_then(|code| code.as_str());
    code.and_then(Lang::of_code).unwrap_or(Lang::Tr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        let pages = Templates::new().unwrap();
        for (name, _) in TEMPLATES {
            assert!(pages.0.get_template(name).is_ok(), "{name}");
        }
    }
}
