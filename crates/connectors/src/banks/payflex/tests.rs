//! Where requests go, where a browser may be sent, and the hash of returns against its vector.

use super::options::{self, Options};
use super::record::address;
use super::threeds::may_lead_to;
use super::{latin_name, lira};
use crate::bank::Account;
use crate::banks::tests::{Call, Replay};
use crate::protocol::Protocol;
use contract::enums::PosIntegrator;
use serde_json::json;

#[test]
fn lira_are_read_and_nothing_else() {
    let cases = [
        ("1.01", Some(101)),
        ("0.25", Some(25)),
        ("100", Some(10_000)),
        ("10.5", Some(1_050)),
        ("103032.52", Some(10_303_252)),
        ("1,01", None),
        ("1.011", None),
        ("-1.00", None),
        ("1.", None),
        (".50", None),
        ("", None),
        ("92233720368547758.08", None),
    ];
    for (text, minor) in cases {
        assert_eq!(lira(text), minor, "{text}");
    }
}

#[test]
fn options_of_the_account_go_before_those_of_the_bank() {
    let of = |integrator, chosen: &[(&str, &str)]| {
        let mut account = Account {
            integrator: Some(integrator),
            ..Account::default()
        };
        for (name, choice) in chosen {
            account.options.choose(name, choice);
        }
        options::of(&account)
    };
    let options = |shows_card, points| Ok(Options { shows_card, points });
    let (ziraat, vakif) = (PosIntegrator::ZiraatbankInnova, PosIntegrator::Vakifbank);
    let finish = |choice| ("threedsFinish", choice);
    let agreed = ("points", "AGREED");
    assert_eq!(of(ziraat, &[]), options(true, true));
    assert_eq!(of(vakif, &[]), options(false, false));
    assert_eq!(of(ziraat, &[finish("WITHOUT_CARD")]), options(false, true));
    assert_eq!(
        of(vakif, &[finish("WITH_CARD"), agreed]),
        options(true, true)
    );
    assert!(of(vakif, &[("points", "OFF")]).is_err());
}

#[test]
fn names_go_without_turkish_letters() {
    assert_eq!(latin_name("Şükrü ÇIĞ İnöz 漢"), "Sukru CIG Inoz ");
}

/// The vector of the facts: VE1, kuruş 109, Eci 5 in either spelling.
#[test]
fn a_return_is_signed_as_the_vector() {
    let call = |eci: &str| {
        Call(json!({
            "verb": "verify_3ds",
            "account": {"clientId": "000000000007955", "password": "123Ab456"},
            "order": {"id": "VE1", "amount": 109},
            "fields": {
                "VerifyEnrollmentRequestId": "VE1", "MerchantId": "000000000007955",
                "PurchCurrency": "949", "PurchAmount": "109", "Eci": eci,
                "Cavv": "AAABBBBBBBBBBBBBBBIIIIII=", "MdStatus": "1", "Status": "Y",
                "Hash": "sS+xudZnaVvynvPBNWBuV/dq5cdJi6EHRft5pWd5uho=",
            },
        }))
    };
    for eci in ["05", "5"] {
        let answer = call(eci).make(Protocol::PayFlex, &Replay::of([]));
        assert!(answer.contains("md_status: 1"), "{answer}");
    }
    let answer = call("06").make(Protocol::PayFlex, &Replay::of([]));
    assert!(answer.contains("Unauthentic"), "{answer}");
}

#[test]
fn inquiries_have_an_address_of_their_own() {
    let at = |api_url: &str| {
        address(&Account {
            api_url: api_url.to_owned(),
            ..Account::default()
        })
    };
    for (api, search) in [
        (
            "https://apigw.vakifbank.com.tr:8443/virtualPos/Vposreq",
            "https://apigw.vakifbank.com.tr:8443/virtualPos/Search",
        ),
        (
            "https://onlineodeme.vakifbank.com.tr:4443/VposService/v3/Vposreq.aspx",
            "https://onlineodeme.vakifbank.com.tr:4443/UIService/Search.aspx",
        ),
        (
            "https://sanalpos.ziraatbank.com.tr:443/v4/v3/Vposreq.aspx",
            "https://sanalpos.ziraatbank.com.tr:443/v4/UIWebService/Search.aspx",
        ),
        (
            "https://preprod.payflex.com.tr/Ziraatbank/VposWeb/v3/Vposreq.aspx",
            "https://preprod.payflex.com.tr/Ziraatbank/UIWebService/Search.aspx",
        ),
    ] {
        assert_eq!(at(api).unwrap(), search);
    }
    assert!(at("https://bank.example/api").is_err());
}

#[test]
fn a_browser_is_led_to_the_bank_or_by_tls() {
    const GATEWAY: &str =
        "https://inbound.apigateway.vakifbank.com.tr:8443/threeDGateway/Enrollment";
    const OTHER: &str = "https://mpi.ziraatbank.com.tr/Enrollment.aspx";
    const HERE: &str = "http://127.0.0.1:8081/payflex/Enrollment.aspx";
    for (url, mpi, may) in [
        (
            "https://inbound.apigateway.vakifbank.com.tr:8443/threeDGateway/startThreeDFlow",
            GATEWAY,
            true,
        ),
        ("https://acs.example/pareq", GATEWAY, false),
        ("https://vakifbank.com.tr.example/x", GATEWAY, false),
        ("https://notvakifbank.com.tr/x", GATEWAY, false),
        ("https://x@acs.example/.vakifbank.com.tr", GATEWAY, false),
        ("https://acs.example\\.vakifbank.com.tr/", GATEWAY, false),
        ("https://acs.bkm.com.tr/mdpayacs/pareq", OTHER, true),
        ("http://acs.bkm.com.tr/mdpayacs/pareq", OTHER, false),
        ("javascript:alert(1)", OTHER, false),
        ("//acs.bkm.com.tr/", OTHER, false),
        ("", OTHER, false),
        ("http://127.0.0.1:8081/payflex/acs", HERE, true),
        ("http://127.0.0.1:80810/payflex/acs", HERE, false),
    ] {
        assert_eq!(may_lead_to(url, mpi), may, "{url}");
    }
}
