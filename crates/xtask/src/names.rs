//! Names of the wire as Rust spells them.

/// `buyerMemberId` as a field: `buyer_member_id`.
pub(crate) fn field(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut spelled = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let starts_word = before.is_some_and(|before| {
            before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
        });
        if letter.is_ascii_uppercase() && starts_word {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_lowercase());
    }
    match spelled.as_str() {
        "type" | "ref" | "final" | "move" => format!("r#{spelled}"),
        _ => spelled,
    }
}

/// `REDIRECT_TO_URL` as a variant: `RedirectToUrl`.
pub(crate) fn variant(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let mut spelled = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        spelled.push_str(&word[..1].to_ascii_uppercase());
        spelled.push_str(&word[1..].to_ascii_lowercase());
    }
    if spelled.starts_with(|c: char| c.is_ascii_digit()) {
        spelled.insert(0, '_');
    }
    spelled
}

/// A segment of a path as a word: `card-payments` is `card_payments`, `3ds-init` is `threeds_init`.
pub(crate) fn segment(segment: &str) -> String {
    segment.replace("3ds", "threeds").replace('-', "_")
}
