//! Hashes of 3DS forms and returns against published vectors, and the bank's notation of amounts.

use super::minor_of;
use super::threeds::{Callback, form_hash};

#[test]
fn forms_are_signed_as_published() {
    let (ok, fail) = ("https://domain.com/success", "https://domain.com/fail_url");
    let values = ["3123", "order222", "100.25", ok, fail, "Auth", "", "rand"];
    assert_eq!(form_hash(values, "gDg1N"), "vEbwP8wnsGrBR9oCjfxP9wlho1g=");
}

#[test]
fn returns_are_signed_as_recorded() {
    let fields = [
        ("Version", ""),
        ("PurchAmount", "320"),
        ("Exponent", ""),
        ("Currency", "949"),
        ("OkUrl", "https://localhost/pos/examples/interpos/3d/success.php"),
        ("FailUrl", "https://localhost/pos/examples/interpos/3d/fail.php"),
        ("MD", ""),
        ("OrderId", "20220327140D"),
        ("ProcReturnCode", "81"),
        ("Response", ""),
        ("mdStatus", "0"),
        (
            "HASHPARAMS",
            "Version:PurchAmount:Exponent:Currency:OkUrl:FailUrl:MD:OrderId:ProcReturnCode:Response:mdStatus:",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(
        Callback(&fields).hash("gDg1N"),
        "9DZVckklZFjuoA7sl4MN0l7VDMo="
    );
}

#[test]
fn amounts_have_a_comma_and_points_between_thousands() {
    for (text, minor) in [
        ("1,01", Some(101)),
        ("1.056,2", Some(105_620)),
        ("0,00", Some(0)),
        ("0", Some(0)),
        ("320", Some(32_000)),
        ("1.056", Some(105_600)),
        ("1.234.567,89", Some(123_456_789)),
        ("100.25", Some(10_025)),
        ("1.5", Some(150)),
        ("", None),
        ("-1", None),
        ("1.05,2", None),
        ("1056.200", None),
        (".056", None),
        ("1,234", None),
        ("1,", None),
        ("1,0,0", None),
        ("99999999999999999999", None),
    ] {
        assert_eq!(minor_of(text), minor, "{text}");
    }
}
