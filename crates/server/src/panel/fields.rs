//! Errors beside the fields of the administration's forms: named as the page names them, and with
//! what the operator has to do where the merchant cannot mend it alone.

use super::door::{Posted, Visit};
use super::{render, words};
use crate::app::App;
use crate::operations::{Permission, Problem};
use connectors::account::Field;
use contract::errors::Language;
use contract::rules::Rule;
use minijinja::{Value, context};
use std::collections::BTreeMap;

/// A field as operations spell it, as the form spells it, and its Turkish and English name.
pub(super) type Label<S = &'static str> = (S, S, S, S);

/// Fields about a person, as they are named wherever somebody signs in or is invited.
pub(super) const PERSON: &[Label] = &[
    ("email", "email", "E-posta", "The e-mail"),
    ("name", "name", "Ad", "The name"),
    ("role", "role", "Rol", "The role"),
    ("old", "old", "Şimdiki şifre", "The current password"),
    ("password", "password", "Şifre", "The password"),
    (
        "again",
        "again",
        "Şifrenin tekrarı",
        "The password once more",
    ),
    ("code", "code", "Doğrulama kodu", "The authenticator code"),
];

/// An error for a template, as [`errors`] tells it.
pub(super) fn error(visit: &Visit, problem: &Problem, labels: &[Label]) -> Value {
    errors(visit.language, std::slice::from_ref(problem), labels)
}

/// An error on a page that has none of the fields.
pub(super) fn error_elsewhere(visit: &Visit, problem: &Problem, labels: &[Label]) -> Value {
    let text = sentence(visit.language, problem, labels);
    context! { texts => [text], at => (), listed => (), intro => "" }
}

/// What is wrong with a form, for its template: `at` has the sentence of each field, `listed` their
/// ids and names in order for the summary, `texts` what concerns no field of the form. A label without
/// a field of the form names what stands elsewhere.
pub(super) fn errors<S: AsRef<str>>(
    language: Language,
    problems: &[Problem],
    labels: &[Label<S>],
) -> Value {
    let mut at = BTreeMap::new();
    let (mut listed, mut texts) = (Vec::new(), Vec::new());
    for problem in problems {
        let label = label_of(problem, labels);
        let text = sentence(language, problem, labels);
        let Some((_, field, tr, en)) = label.filter(|(_, field, ..)| !field.is_empty()) else {
            texts.push(text);
            continue;
        };
        if at.insert(field, text).is_none() {
            listed.push(context! { field, name => of(language, tr, &bare(en)) });
        }
    }
    let intro = match listed.len() {
        1 => of(
            language,
            "Düzeltilmesi gereken alan:",
            "Please correct this field:",
        ),
        _ => of(
            language,
            "Düzeltilmesi gereken alanlar:",
            "Please correct these fields:",
        ),
    };
    context! { at, listed, texts, intro }
}

/// The label of the field that a problem names: field, input, Turkish and English name.
fn label_of<'l, S: AsRef<str>>(
    problem: &Problem,
    labels: &'l [Label<S>],
) -> Option<Label<&'l str>> {
    let Problem::Rule { values, .. } = problem else {
        return None;
    };
    let (_, named) = values.iter().find(|(name, _)| *name == "field")?;
    label_named(named, labels)
}

fn label_named<'l, S: AsRef<str>>(named: &str, labels: &'l [Label<S>]) -> Option<Label<&'l str>> {
    let mut labels = labels.iter();
    let (field, input, tr, en) = labels.find(|(field, ..)| field.as_ref() == named)?;
    Some((field.as_ref(), input.as_ref(), tr.as_ref(), en.as_ref()))
}

fn sentence<S: AsRef<str>>(language: Language, problem: &Problem, labels: &[Label<S>]) -> String {
    let label = label_of(problem, labels);
    let (Problem::Rule { rule, values }, Some((_, _, tr, en))) = (problem, label) else {
        return render::told(language, problem).1;
    };
    let pairs: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| match *name {
            "field" => (*name, of(language, tr, en)),
            // A second field: within the sentence.
            "other" => {
                let other = label_named(value, labels);
                (
                    *name,
                    other.map_or(value.as_str(), |(_, _, tr, en)| of(language, tr, en)),
                )
            }
            _ => (*name, value.as_str()),
        })
        .collect();
    let mut text = rule.text(language, &pairs);
    let name = of(language, tr, en);
    // "The sum of the percentage …": within a sentence a name does not begin like one.
    let other = values.iter().find(|(name, _)| *name == "other");
    let other = other.and_then(|(_, other)| label_named(other, labels));
    let named = [Some(name), other.map(|(_, _, _, en)| en)];
    for name in named.into_iter().flatten() {
        if !text.starts_with(name) && language == Language::En {
            text = text.replace(name, &words::inside(name));
        }
    }
    if *rule == Rule::HostNotAllowed {
        text.push_str(of(
            language,
            ". Sistem yöneticisi sunucuyu --allow-bank-host (GALATA_ALLOW_BANK_HOST) seçeneğine bu adresi ekleyerek başlatmalıdır.",
            ". The operator has to start the server with this host in --allow-bank-host (GALATA_ALLOW_BANK_HOST).",
        ));
    }
    text
}

/// An English name by itself: "Merchant number" of "The merchant number".
fn bare(en: &str) -> String {
    let articles = ["The ", "An ", "A "];
    let name = articles.iter().find_map(|article| en.strip_prefix(article));
    let mut letters = name.unwrap_or(en).chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The fields of a form that must be there and are not.
pub(super) fn missing<S: AsRef<str>>(form: &Posted, names: &[S]) -> Vec<Problem> {
    let names = names.iter().map(AsRef::as_ref);
    let empty = names.filter(|name| form.raw(name).trim().is_empty());
    empty
        .map(|name| Problem::field(Rule::Required, name))
        .collect()
}

/// How a field of an account stands in a form.
pub(super) struct Input<'a> {
    /// Its name in the form.
    pub name: &'static str,
    /// What is stored; never shown of a secret.
    pub stored: &'a str,
    /// Whether a browser insists on it.
    pub is_required: bool,
    /// Characters that it may have.
    pub longest: usize,
}

/// A field of an account for a template.
pub(super) fn account_field<S>(
    field: &Field<S>,
    input: &Input<'_>,
    form: Option<&Posted>,
) -> Value {
    let label = |name: &str| match field.code {
        "" => name.to_owned(),
        code => format!("{name} ({code})"),
    };
    // What is stored stays where its input is left empty.
    let kept = field.is_secret && !input.stored.is_empty();
    let value = if field.is_secret {
        String::new()
    } else {
        field_value(form, input.name, input.stored)
    };
    context! {
        name => input.name, value, longest => input.longest, required => input.is_required && !kept,
        tr => label(field.label.tr), en => label(field.label.en),
        hint_tr => field.hint.map_or("", |hint| hint.tr),
        hint_en => field.hint.map_or("", |hint| hint.en),
        secret => field.is_secret,
        kept,
    }
}

/// The label of an account's field, whose name is the operation's and the form's.
pub(super) fn account_label<S>(field: &Field<S>, name: &str) -> Label<String> {
    let (tr, en) = (field.label.tr, field.in_sentence);
    (
        name.to_owned(),
        name.to_owned(),
        tr.to_owned(),
        en.to_owned(),
    )
}

/// A label that is put together as it is needed.
pub(super) fn owned((field, input, tr, en): &Label) -> Label<String> {
    let [field, input, tr, en] = [field, input, tr, en].map(|text| (*text).to_owned());
    (field, input, tr, en)
}

/// Refuses, and notes, what the role does not allow before a form is read: what is wrong with the
/// form is told only to those who may send it. The operation asks again.
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

/// Whether a problem of an account is told on its page; what the role forbids and what is down have
/// their own.
pub(super) fn is_told(visit: &Visit, problem: &Problem) -> bool {
    matches!(problem, Problem::Rule { .. }) && visit.may(Permission::ChangeAccounts)
}

/// The text in the visitor's language.
pub(super) fn of<'a>(language: Language, tr: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Tr => tr,
        Language::En => en,
    }
}

/// What somebody typed, or what is stored when they have not typed yet.
pub(super) fn field_value(form: Option<&Posted>, name: &str, stored: &str) -> String {
    form.map_or(stored, |form| form.text(name)).to_owned()
}

/// A box as somebody left it, or as it is stored.
pub(super) fn ticked(form: Option<&Posted>, name: &str, stored: bool) -> bool {
    form.map_or(stored, |form| form.on(name))
}
