//! The hashes of Garanti against published vectors, and what a callback may not get away with.

use super::*;
use crate::bank::{Account, CardEnds, OrderRef};
use crate::banks::tests::{Call, Replay, ready};
use crate::xml::Element;
use contract::card::Secret;
use jiff::Zoned;
use serde_json::{Value, json};

fn vectors(family: &str) -> Vec<Value> {
    let all = include_str!("../../../fixtures/hash-vectors.json");
    let mut all: Vec<Value> = serde_json::from_str(all).unwrap();
    all.retain(|vector| vector["family"] == family);
    assert!(!all.is_empty());
    all
}

fn account() -> Account {
    Call(json!({ "account": {
        "clientId": "7000679", "terminalId": "30691298", "threedsKey": "12345678",
        "password": "123qweASD/",
    }}))
    .account()
}

fn order(amount: i64) -> Order {
    let amount = Money::new(amount, Currency::Try);
    Order {
        id: "order222".to_owned(),
        amount,
        installment: 1,
        phase: Phase::Sale,
    }
}

/// Runs `look` with a line to a bank that never answers.
fn in_context<T>(account: &Account, look: impl FnOnce(BankContext<'_>) -> T) -> T {
    let now: Zoned = "2026-06-01T12:00:00+03:00[Europe/Istanbul]"
        .parse()
        .unwrap();
    look(BankContext {
        account,
        http: &Replay::of([]),
        now: &now,
    })
}

/// What a browser brought of an order that was sent just now.
fn returned<'a>(
    context: BankContext<'a>,
    order: &'a Order,
    fields: &'a [(String, String)],
) -> Returned<'a> {
    let sale = OrderRef {
        order,
        threeds: true,
        sent_at: context.now,
        host_reference: None,
        card: CardEnds::default(),
        id_chosen: false,
        with_points: false,
    };
    Returned {
        sale,
        fields,
        return_url: "",
    }
}

fn hash_of(id: &str, amount: i64, card: &str) -> String {
    let account = account();
    let order = Order {
        id: id.to_owned(),
        amount: Money::new(amount, Currency::Try),
        installment: 1,
        phase: Phase::Sale,
    };
    in_context(&account, |context| {
        let seller = user(context, PosOperationType::Provaut).unwrap();
        let question = Question::about("sales", seller, &order);
        request_hash(context, &question, card, currency(order.amount).unwrap())
    })
}

#[test]
fn request_hashes_are_the_published_ones() {
    for (id, amount, card, hash) in [
        (
            "order222",
            10025,
            "",
            "0CFE09F107274C6A07292DA061A4EECAB0F5F0CF87F831F2D3626A3346A941126C52D1D95A3B77ADF5AC348B3D25C76BA5D8D98A29557D087D3367BFFACCD25C",
        ),
        (
            "order222",
            10025,
            "5555444433332222",
            "2005F771B622399C0EC7B8BBBE9B5F7989B9587175239F0695C1E5D3BFAA0CF6D747A9CEE64D78B7081CB5193541AD9D129B929653E2B68BCAE6939E281D752E",
        ),
        (
            "2020110828BC",
            100,
            "",
            "35E8410A78E24949D78F5E025B5E05AF470B01385A2ECBFEE6C5B3CDACFF78011D387ECAFDCE4B8453D80D35C2F344F3DAA6F2EF9143079F64DE88401EC5E4F5",
        ),
        (
            "2020110828BC",
            12310,
            "",
            "CF49751B3B793B9E1946A08815451989D0231D68A5B495C6EABA9C400442F2E6B7DF97446CE2D3562780767E634A6ECBAA1DF69F6DF7F447884A71BDE38D12AA",
        ),
        (
            "RWD1",
            100,
            "4282209004348015",
            "7CA92B30910C3805CB2EE174E4C91884FCAABC881F04A0AA38E2875709C0CF5BD9B4FBFD7D2DE9A5221DAB4CF71CB1DA754CE7A47D32D0F3CB1F67115E28809B",
        ),
    ] {
        assert_eq!(hash_of(id, amount, card), hash, "{id} {amount}");
    }
}

#[test]
fn request_hashes_of_the_vector_file_hold() {
    for vector in vectors("garanti_512") {
        let text = vector["text"].as_str().unwrap();
        assert_eq!(
            sha512_hex(text),
            vector["expected"].as_str().unwrap(),
            "{}",
            vector["what"]
        );
    }
}

/// A reply with the values that its hash covers.
fn reply(code: &str, reference: &str, auth: &str, date: &str) -> Element {
    let text = Writer::document("Transaction", |w| {
        w.element("Response", |w| w.leaf("Code", code));
        w.leaf("RetrefNum", reference);
        w.leaf("AuthCode", auth);
        w.leaf("ProvDate", date);
    });
    Element::parse(text.as_bytes()).unwrap()
}

#[test]
fn reply_hashes_are_the_recorded_ones() {
    let account = account();
    in_context(&account, |context| {
        let seller = user(context, PosOperationType::Provaut).unwrap();
        let reply = reply("00", "335709663080", "103550", "20231223 19:24:30");
        let expected = "1724AAE56E9EF08EAF70633AB5F56F55E538A18201A3A98E03D1DDFC4E2A3185FF6421261F96B3F3B052F0090D5CC15F3254051304F0589BD2061F2622B320A0";
        let hash = reply_hash(context, seller, &reply, "202312238064");
        assert_eq!(hash.as_deref(), Ok(expected));
    });
    for vector in vectors("garanti_response") {
        let text = vector["text"].as_str().unwrap();
        let hash = match vector["recipe"].as_str().unwrap() {
            "UPPER(hex(sha1(text)))" => sha1_hex(text),
            _ => sha512_hex(text),
        };
        assert_eq!(
            hash,
            vector["expected"].as_str().unwrap(),
            "{}",
            vector["what"]
        );
        // Every recording ends in the same digest of password and terminal.
        let security = in_context(&account, |context| {
            security_data(context, &account.users[0])
        });
        assert!(text.ends_with(&security), "{}", vector["what"]);
    }
}

/// We speak version 512 only; these show that the recipes themselves did not change with it.
#[test]
fn hashes_of_the_older_version_follow_the_same_recipes() {
    let security = sha1_hex("123qweASD/030691297");
    for (text, expected) in [
        (
            "0003240228512027457920201119 13:53:054354353454",
            "29A2F838877CB99F70F382FD39D07DE6186E0339",
        ),
        (
            "9220201119 13:10:304546768783243",
            "CBF440ADFEA57642177636435D82A5EB0F33A8D3",
        ),
        (
            concat!(
                "306912979809896rew50000",
                "https://eticaret.garanti.com.tr/destek/postback.aspx",
                "https://eticaret.garanti.com.tr/destek/postback.aspx",
                "sales12345678",
            ),
            "B829B2EC28DFB4909B59A138F00E750057FA53FF",
        ),
    ] {
        assert_eq!(sha1_hex(&format!("{text}{security}")), expected, "{text}");
    }
}

/// The published form has two return addresses and ours has one: the recipe is proven on the
/// published form, and our form on the recipe.
#[test]
fn the_form_is_signed_as_the_recipe_says() {
    let account = account();
    let order = order(10025);
    let card = Call(json!({ "card": { "pan": "5406675406675403", "cvc": "123" } })).card();
    let begin = Begin3ds {
        order: &order,
        card: &card,
        reward: None,
        return_url: "https://domain.com/success",
        client_ip: None,
        language: "tr",
        sells_at: None,
    };
    let form = in_context(&account, |context| ready(super::begin_3ds(context, begin))).unwrap();
    let Verdict::Approved(form) = form else {
        panic!("a form is never declined")
    };
    let field = |name: &str| {
        form.fields
            .iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .clone()
    };
    let url = "https://domain.com/success";
    let security = "1639636D00AB5EF0B3CE073BB222BFAAC2C2C38D";
    let text = |error: &str| format!("30691298order22210025949{url}{error}sales12345678{security}");
    assert_eq!(field("secure3dhash"), sha512_hex(&text(url)));
    let published = "372D6CB20B2B699D0A6667DFF46E3AA8CF3F9D8C2BB69A7C411895151FFCFAAB5277CCFE3B3A06035FEEFBFBFD40C79DBE51DBF867D0A24B37335A28F0CEFDE2";
    assert_eq!(sha512_hex(&text("https://domain.com/fail_url")), published);
    assert_eq!(
        (field("cardcvv2"), field("cardexpiredatemonth")),
        ("123".to_owned(), "07".to_owned())
    );
}

#[test]
fn an_account_without_a_user_for_it_sends_nothing() {
    let mut account = account();
    account
        .users
        .retain(|user| user.operation != PosOperationType::Provrfn);
    account.users[0].password = Secret::new("");
    in_context(&account, |context| {
        let doubt = user(context, PosOperationType::Provrfn).unwrap_err();
        assert!(!doubt.may_have_been_sent);
    });
}

#[test]
fn a_kept_form_holds_no_card() {
    let account = account();
    let call = Call(json!({ "card": { "pan": "5406675406675403", "cvc": "739" } }));
    let (order, card) = (order(10025), call.card());
    let begin = Begin3ds {
        order: &order,
        card: &card,
        reward: None,
        return_url: "https://domain.com/success",
        client_ip: None,
        language: "tr",
        sells_at: None,
    };
    let form = in_context(&account, |context| threeds::form(context, &begin)).unwrap();
    let kept = crate::scrub::scrub_fields(&form.fields, super::SECRET_FIELDS);
    assert!(
        !kept.contains("5406675406675403") && !kept.contains("739"),
        "{kept}"
    );
    assert!(kept.contains("txnamount=10025&"), "{kept}");
}

/// A callback as the bank signs it over `names`.
fn signed(names: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let value = |name: &str| {
        fields
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |f| f.1)
    };
    let text: String = names.split(':').map(value).collect();
    let mut all: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    all.push(("hashparams".to_owned(), names.to_owned()));
    all.push(("hash".to_owned(), sha512_hex(&format!("{text}12345678"))));
    all
}

/// A cryptogram as a recorded callback has it.
const CAVV: &str = "jCm0m+u/0hUfAREHBAMBcfN+pSo=";

/// What the bank signed of the order `order2221`, cut as if it were of `order222`.
#[test]
fn what_is_signed_of_a_longer_order_id_proves_nothing_of_a_shorter_one() {
    let account = account();
    let order = order(10025);
    for (names, values) in [
        // Signed: order2221, status 0, no proof.
        ("mdstatus:cavv:eci:md", ["1", "0", "", "m"].as_slice()),
        ("mdstatus:cavv:eci:md", &["1", "", "", "0m"]),
        // Signed: order2222, status 0; for merchants that take a half authentication.
        ("mdstatus:cavv:eci:md", &["2", "", "", "0m"]),
        // Signed: order2221, status 1, with a proof of its own.
        ("mdstatus:foo:cavv:eci:md", &["1", "1", CAVV, "02", "m"]),
        (
            "mdstatus:cavv:eci:md",
            &["1", &format!("1{CAVV}"), "02", "m"],
        ),
        (
            "mdstatus:cavv:eci:md",
            &["1", &format!("1{}", &CAVV[..27]), "=0", "2m"],
        ),
    ] {
        let own = [("clientid", "30691298"), ("oid", "order222")];
        let rest = names.split(':').zip(values.iter().copied());
        let fields: Vec<_> = own.into_iter().chain(rest).collect();
        let fields = signed(&format!("clientid:oid:{names}"), &fields);
        let checked = in_context(&account, |context| {
            let returned = returned(context, &order, &fields);
            threeds::check(context, &returned)
        });
        assert!(checked.is_err(), "{names} {values:?}");
    }
}

#[test]
fn a_hash_that_leaves_out_what_matters_proves_nothing() {
    let account = account();
    let order = order(10025);
    let fields = [
        ("clientid", "30691298"),
        ("oid", "order222"),
        ("authcode", ""),
        ("mdstatus", "1"),
        ("cavv", CAVV),
        ("eci", "02"),
        ("md", "m"),
        ("rnd", "r"),
        ("response", "x"),
    ];
    let status = |names: &str| {
        let fields = signed(names, &fields);
        in_context(&account, |context| {
            let returned = returned(context, &order, &fields);
            threeds::check(context, &returned)
        })
        .map(|v| v.md_status)
    };
    assert_eq!(
        status("clientid:oid:authcode:mdstatus:cavv:eci:md:rnd:"),
        Ok(1)
    );
    for names in [
        "",
        "rnd",
        "clientid:oid:cavv:eci:md:rnd",
        "clientid:mdstatus:cavv:eci:md:rnd",
        "clientid:oid:mdstatus:eci:md:rnd",
        "clientid:oid:mdstatus:cavv:md:rnd",
        "clientid:oid:mdstatus:cavv:eci:rnd",
        "clientid:mdstatus:oid:cavv:eci:md",
        "clientid:oid:response:mdstatus:cavv:eci:md",
    ] {
        let doubt = status(names).unwrap_err();
        assert_eq!(
            doubt.reason,
            crate::bank::DoubtReason::Unauthentic,
            "{names}"
        );
    }
}

/// What the page says of the order `order222`, signed over the list that recorded callbacks have.
const SALE_LIST: &str = "clientid:oid:authcode:procreturncode:response:mdstatus:cavv:eci:md:rnd:";

fn outcome(
    names: &str,
    over: &[(&str, &str)],
) -> Result<crate::bank::PageOutcome, crate::bank::Doubt> {
    let sold = [
        ("clientid", "30691298"),
        ("oid", "order222"),
        ("authcode", "304919"),
        ("procreturncode", "00"),
        ("response", "Approved"),
        ("mdstatus", "1"),
        ("cavv", CAVV),
        ("eci", "02"),
        ("md", "m"),
        ("rnd", "r"),
        ("hostrefnum", "230508300426"),
        ("txnamount", "10025"),
        ("txncurrencycode", "949"),
        ("errmsg", "words"),
    ];
    let said = |(name, value)| {
        let changed = over.iter().find(|(known, _)| *known == name);
        (name, changed.map_or(value, |(_, value)| *value))
    };
    let fields = signed(names, &sold.map(said));
    let (account, order) = (account(), order(10025));
    in_context(&account, |context| {
        let returned = returned(context, &order, &fields);
        threeds::outcome(context, &returned)
    })
}

#[test]
fn a_page_that_sells_is_believed_what_it_signs_and_no_more() {
    use crate::bank::{DoubtReason, Verdict};
    let said = |over: &[(&str, &str)]| outcome(SALE_LIST, over);
    let sold = said(&[]).unwrap();
    let Some(Verdict::Approved(charged)) = &sold.sale else {
        panic!("{sold:?}");
    };
    assert_eq!((charged.auth_code.as_str(), sold.md_status), ("304919", 1));
    let half = said(&[("mdstatus", "4"), ("cavv", ""), ("eci", "")]).unwrap();
    assert!(matches!(half.sale, Some(Verdict::Approved(_))) && half.md_status == 4);

    let refused = [
        ("authcode", " "),
        ("procreturncode", "51"),
        ("response", "Declined"),
    ];
    let refused = said(&refused).unwrap();
    let Some(Verdict::Declined(decline)) = refused.sale else {
        panic!("{refused:?}");
    };
    assert_eq!(
        decline.group,
        contract::errors::ErrorGroup::NotSufficientFunds
    );
    let nothing = [("authcode", ""), ("procreturncode", ""), ("response", "")];
    let failed = said(
        &[
            &nothing[..],
            &[("mdstatus", "0"), ("cavv", ""), ("eci", "")],
        ]
        .concat(),
    );
    assert_eq!(
        failed.map(|said| (said.md_status, said.sale)),
        Ok((0, None))
    );
    let verified = said(&nothing).unwrap();
    assert_eq!((verified.md_status, verified.sale), (1, None));

    let reason = |over: &[(&str, &str)]| said(over).unwrap_err().reason;
    // The gateway refuses, perhaps because it sold before; the bank timed out itself.
    let by = |code| {
        [
            ("authcode", ""),
            ("procreturncode", code),
            ("response", "Declined"),
        ]
    };
    assert!(matches!(reason(&by("92")), DoubtReason::Duplicate(_)));
    assert!(matches!(reason(&by("91")), DoubtReason::TimedOut(_)));
    for contradiction in [
        [("procreturncode", "51")],
        [("procreturncode", "")],
        [("response", "Declined")],
        [("response", "")],
        [("authcode", "")],
        [("authcode", "3049190")],
        [("mdstatus", "0")],
        [("mdstatus", "")],
        [("mdstatus", "11")],
        [("hostrefnum", "")],
    ] {
        assert_eq!(
            reason(&contradiction),
            DoubtReason::Unreadable,
            "{contradiction:?}"
        );
    }
    for other in [
        [("txnamount", "10026")],
        [("txnamount", "")],
        [("txncurrencycode", "840")],
        [("txncurrencycode", "")],
        [("oid", "order223")],
        [("clientid", "30691297")],
    ] {
        assert_eq!(reason(&other), DoubtReason::Unauthentic, "{other:?}");
    }
    for names in [
        "",
        "clientid:oid:authcode:procreturncode:mdstatus:cavv:eci:md:rnd",
        "clientid:oid:procreturncode:authcode:response:mdstatus:cavv:eci:md:rnd",
        "clientid:oid:rnd:authcode:procreturncode:response:mdstatus:cavv:eci:md",
        "clientid:authcode:procreturncode:response:mdstatus:cavv:eci:md:rnd:oid",
        "errmsg:oid:authcode:procreturncode:response:mdstatus:cavv:eci:md:rnd",
        "clientid:oid:authcode:procreturncode:response:mdstatus",
    ] {
        let doubt = outcome(names, &[]).unwrap_err();
        assert_eq!(doubt.reason, DoubtReason::Unauthentic, "{names}");
    }
    // Signed: order2223, refused with 51; cut as if it were of order222.
    let cut = [
        ("authcode", "3"),
        ("procreturncode", "51"),
        ("response", "Declined"),
    ];
    assert_eq!(reason(&cut), DoubtReason::Unreadable);
}
