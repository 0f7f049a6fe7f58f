//! The hash of 3DS forms against published vectors.

use super::threeds::hash_v3;

/// The form of the vectors: `over` replaces a field or adds one.
fn form_hash(over: &[(&'static str, &'static str)]) -> String {
    let mut fields = vec![
        ("clientid", "190100000"),
        ("storetype", "3d"),
        ("amount", "100.25"),
        ("oid", "order222"),
        ("okUrl", "https://domain.com/success"),
        ("failUrl", "https://domain.com/fail_url"),
        ("rnd", "12345"),
        ("hashAlgorithm", "ver3"),
        ("lang", "tr"),
        ("currency", "949"),
        ("islemtipi", "Auth"),
        ("taksit", ""),
    ];
    fields.retain(|(name, _)| over.iter().all(|(other, _)| other != name));
    fields.extend_from_slice(over);
    hash_v3(fields.into_iter(), "123456")
}

#[test]
fn forms_are_signed_as_published() {
    assert_eq!(
        form_hash(&[]),
        "4aUsG5hqlIFLc9s8PKc5rWb2OLhmxDDewNgKa2XrwoYCIxlyVq8Fjl4IVaZzoqL983CfTseicmnTA0PjZr74xg=="
    );
    let pay = [
        ("storetype", "3d_pay"),
        ("rnd", "rand"),
        ("firmaadi", "siparis veren"),
        ("Email", "test@test.com"),
    ];
    assert_eq!(
        form_hash(&pay),
        "/uPxhEKWCEGi3NsDOOQ4u8Hu5g71v5GWspOid70WehTWEz97PqxG3IN1Jv5jsbOXOw3Z3Rr/0UtywzEgbqFfdA=="
    );
}

#[test]
fn bars_and_backslashes_are_escaped_and_what_is_unsigned_changes_nothing() {
    let fields = [
        ("clientid", "190100000"),
        ("oid", "a|b\\c"),
        ("amount", "1.00"),
        ("okUrl", "https://m/ok"),
        ("failUrl", "https://m/f"),
        ("rnd", "r1"),
        ("storetype", "3d_pay"),
        ("currency", "949"),
        ("lang", "tr"),
        ("TranType", "Auth"),
        ("Instalment", ""),
        ("hashAlgorithm", "ver3"),
    ];
    let expected =
        "YDCslkbka0F2dsUNNNDHIqmraG3mTepx2tz89Nr8hAhvdY1j1ibluwXuUxi2jGmlWq4h07l7WTdPOeUZN5w8KQ==";
    assert_eq!(hash_v3(fields.into_iter(), "123456"), expected);
    let unsigned = [("HASH", "x"), ("encoding", "y"), ("nationalidno", "z")];
    let more = fields.into_iter().chain(unsigned);
    assert_eq!(hash_v3(more, "123456"), expected);
}

#[test]
fn names_are_sorted_as_people_count() {
    let sorted = |fields: &[(&str, &str)]| hash_v3(fields.iter().copied(), "k");
    let plain = sorted(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
    for names in [
        ["item2", "item10", "item10b", "Item011"],
        ["EXTRA.A", "EXTRA_A", "extra_b2", "EXTRA_B10"],
    ] {
        let [one, two, three, four] = names;
        let fields = [(four, "4"), (three, "3"), (two, "2"), (one, "1")];
        assert_eq!(sorted(&fields), plain, "{names:?}");
    }
}
