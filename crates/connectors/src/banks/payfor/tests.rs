//! Hashes of 3DS forms and returns against published vectors.

use super::threeds::{Callback, form_hash};

#[test]
fn forms_are_signed_as_published() {
    const URL: &str = "http://localhost/finansbank-payfor/3d/response.php";
    let values = [
        "5",
        "2020110828BC",
        "100.01",
        URL,
        URL,
        "Auth",
        "0",
        "0.43625700 1604831630",
    ];
    assert_eq!(
        form_hash(values, "12345678"),
        "zmSUxYPhmCj7QOzqpk/28LuE1Oc="
    );
}

#[test]
fn returns_are_signed_as_published() {
    for (order, code, outcome, rnd, hash) in [
        (
            "20221031FD04",
            "",
            "V033",
            "PF638028511007418219",
            "rVcKoOOl3jKukGLHcQaVM6ZuznU=",
        ),
        (
            "2022103114B3",
            "S86797",
            "00",
            "PF638028538035077529",
            "il/SWNG2llQkLgnCbUG6lPYtlgM=",
        ),
    ] {
        let fields = [
            ("MerchantID", "085300000009704"),
            ("OrderId", order),
            ("AuthCode", code),
            ("ProcReturnCode", outcome),
            ("3DStatus", "1"),
            ("ResponseRnd", rnd),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let made = Callback(&fields).hash("QNB_API_KULLANICI_3DPAY", "12345678");
        assert_eq!(made, hash, "{order}");
    }
}
