//! Errors beside the fields of the administration's forms: named as the page names them, and with
//! what the operator has to do where the merchant cannot mend it alone.

use super::door::{Posted, Visit};
use super::render;
use crate::app::App;
use crate::operations::{Permission, Problem};
use contract::errors::Language;
use contract::rules::Rule;
use minijinja::{Value, context};

/// A field as operations spell it, as the form spells it, and its Turkish and English name.
pub(super) type Label = (&'static str, &'static str, &'static str, &'static str);

/// An error for a template: the form's field and the text.
pub(super) fn error(visit: &Visit, problem: &Problem, labels: &[Label]) -> Value {
    let Problem::Rule { rule, values } = problem else {
        let (field, text) = render::told(visit.language, problem);
        return context! { field, text };
    };
    let mut named = values.clone();
    let mut at = String::new();
    for (_, value) in named.iter_mut().filter(|(name, _)| *name == "field") {
        at.clone_from(value);
        if let Some((_, form, tr, en)) = labels.iter().find(|(wire, ..)| wire == value) {
            *value = of(visit.language, tr, en).to_owned();
            at = (*form).to_owned();
        }
    }
    let pairs: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut text = rule.text(visit.language, &pairs);
    if *rule == Rule::HostNotAllowed {
        text.push_str(of(
            visit.language,
            ". Sistem yöneticisi sunucuyu --allow-bank-host seçeneğine bu adresi ekleyerek başlatmalıdır.",
            ". The operator has to start the server with this host in --allow-bank-host.",
        ));
    }
    context! { field => at, text }
}

/// Refuses, and notes, what the role does not allow before a form is read: what is wrong with the
/// form is nobody else's business. The operation asks again.
pub(super) async fn require(
    app: &App,
    visit: &Visit,
    permission: Permission,
    action: &'static str,
) -> Result<(), Problem> {
    let target = visit.param("id");
    visit
        .by()
        .require(app, visit.merchant_id(), permission, action, target)
        .await
}

/// The text in the visitor's language.
pub(super) fn of<'a>(language: Language, tr: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Tr => tr,
        Language::En => en,
    }
}

/// What somebody typed, or what is stored when they have not typed yet.
pub(super) fn kept(form: Option<&Posted>, name: &str, stored: &str) -> String {
    form.map_or(stored, |form| form.text(name)).to_owned()
}

/// A box as somebody left it, or as it is stored.
pub(super) fn ticked(form: Option<&Posted>, name: &str, stored: bool) -> bool {
    form.map_or(stored, |form| form.on(name))
}
