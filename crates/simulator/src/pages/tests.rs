//! The stylesheet's contrasts, and that nothing gets past the escaping.

use super::render::html;
use super::*;
use minijinja::context;
use std::collections::BTreeMap;

type Colours = BTreeMap<String, u32>;

/// The custom properties of each theme, over those of the root; one map for light, one for dark.
fn themes(css: &str) -> BTreeMap<String, [Colours; 2]> {
    let mut found: BTreeMap<String, [Colours; 2]> = BTreeMap::new();
    let mut root: [Colours; 2] = Default::default();
    let (mut dark, mut selector) = (0, String::new());
    for line in css.lines() {
        let line = line.trim();
        if line.starts_with("@media") {
            dark = usize::from(line.contains("dark"));
        }
        if let Some((head, _)) = line.split_once('{') {
            selector = head.trim().to_owned();
        }
        for declaration in line.split([';', '{']) {
            let Some((name, value)) = declaration.trim().split_once(": #") else {
                continue;
            };
            let Some(name) = name.strip_prefix("--") else {
                continue;
            };
            let colour = u32::from_str_radix(value, 16).unwrap();
            let colours = match selector.strip_prefix(".theme-") {
                Some(theme) => found.entry(theme.to_owned()).or_default(),
                None => &mut root,
            };
            colours[dark].insert(name.to_owned(), colour);
        }
    }
    for colours in found.values_mut() {
        let (light, own_dark) = (colours[0].clone(), colours[1].clone());
        let layers = [&root[0], &light, &root[1], &own_dark];
        let merged = |layers: &[&Colours]| {
            let pairs = layers.iter().flat_map(|layer| layer.iter());
            pairs
                .map(|(name, colour)| (name.clone(), *colour))
                .collect()
        };
        *colours = [merged(&layers[..2]), merged(&layers)];
    }
    found
}

/// Relative luminance, as WCAG defines it.
#[expect(clippy::float_arithmetic, reason = "colours are not money")]
fn luminance(colour: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from((colour >> shift) & 0xff) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

#[expect(clippy::float_arithmetic, reason = "colours are not money")]
fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_theme_can_be_read_by_day_and_by_night() {
    let themes = themes(include_str!("pages.css"));
    assert_eq!(themes.len(), 9);
    for (theme, variants) in &themes {
        for (dark, colours) in variants.iter().enumerate() {
            for (text, ground) in [
                ("ink", "surface"),
                ("ink", "page"),
                ("ink", "tint"),
                ("soft", "surface"),
                ("error", "surface"),
                ("error", "error-tint"),
                ("good", "surface"),
                ("bench-ink", "bench"),
                ("bench-ink", "surface"),
                ("ink", "bench"),
                ("on-head", "head"),
                ("on-button", "button"),
                ("accent", "surface"),
                ("accent", "page"),
                ("accent", "tint"),
            ] {
                let ratio = contrast(colours[text], colours[ground]);
                assert!(
                    ratio >= 4.5,
                    "{theme} {dark}: {text} on {ground} is {ratio}"
                );
            }
            for (line, ground) in [
                ("edge", "surface"),
                ("focus", "surface"),
                ("focus", "page"),
                ("focus", "bench"),
                ("bench-line", "page"),
            ] {
                let ratio = contrast(colours[line], colours[ground]);
                assert!(
                    ratio >= 3.0,
                    "{theme} {dark}: {line} on {ground} is {ratio}"
                );
            }
        }
        assert!(marks::of_theme(theme).is_some(), "{theme} has no mark");
    }
}

#[test]
fn every_value_is_escaped() {
    let hostile = "\"'><script>alert(1)</script>&";
    let page = back_page(&Back {
        brand: Brand {
            theme: "garanti",
            name: hostile,
        },
        language: Language::Turkish,
        url: "https://x/?a=\"><script>&b=1",
        method: "post",
        fields: &[("n'".to_owned(), hostile.to_owned())],
        ending: Ending::Proved,
        twice: true,
    })
    .unwrap();
    assert!(!page.contains("<script>"), "{page}");
    assert!(page.contains(
        "name=\"n&#39;\" value=\"&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;\""
    ));
    assert!(page.contains("action=\"https://x/?a=&quot;&gt;&lt;script&gt;&amp;b=1\""));
    assert_eq!(page.matches("<form").count(), 2);
    let frame =
        context! { language => "tr", bank => hostile, badge => hostile, disclaimer => hostile };
    let notice = context! { title => hostile, text => hostile, theme => hostile, link => hostile, link_name => hostile, ..frame };
    let page = html("notice.html", &notice).unwrap();
    assert!(!page.contains("<script>"), "{page}");
}

#[test]
fn only_web_addresses_are_followed() {
    assert!(is_web_address("http://127.0.0.1:1/a?b=c"));
    assert!(!is_web_address("javascript:alert(1)"));
    assert!(!is_web_address("http://a b"));
}
