//! Hashes against published values, addresses that a browser brings, and pages.

use super::threeds::node;
use super::{hash, lira, page};

const GUID: &str = "0c13d406-873b-403b-9c09-a5766840d98c";

#[test]
fn hashes_are_published_ones() {
    for (values, expected) in [
        (
            &["10738", GUID, "3", "1.000,01", "1.000,01", "202412293F4E"][..],
            "jsLYSB3lJ81leFgDLw4D8PbXURs=",
        ),
        (
            &["10738", GUID, "1", "10,01", "10,01", "ORD1"],
            "LAQj1gYxLqBkerfQkjKvszK7yYE=",
        ),
        (
            &[
                "10738",
                GUID,
                "10,01",
                "10,01",
                "ORD1",
                "https://m.example/f",
                "https://m.example/s",
            ],
            "a9MNsxioKws4gOwlzxw8UdjaaR8=",
        ),
        // A recorded return, whose key comes in small letters.
        (
            &[
                "5ee6c14d-94c2-48c9-bfe1-da31c415e647",
                "444676:B1748AA7FF30A96AADFECC19670A3038C1419A842DD221D2408708A84FE9D811:4011:##190100000",
                "1",
                "202412306616",
                GUID,
            ],
            "zrHcS2iMl0J0GPU6DalIdOppDz8=",
        ),
    ] {
        assert_eq!(hash(values), expected, "{values:?}");
    }
}

#[test]
fn a_sale_is_finished_at_nodes_of_params_own_system_alone() {
    const LIVE: &str = "https://posws.param.com.tr/turkpos.ws/service_turkpos_prod.asmx";
    const TEST: &str = "https://testposws.param.com.tr/turkpos.ws/service_turkpos_prod.asmx";
    for (own, address, is_node) in [
        (
            TEST,
            "https://test-dmzd1.param.com.tr/turkpos.ws/service_turkpos_test.asmx",
            true,
        ),
        (
            LIVE,
            "https://poswsd2.param.com.tr/turkpos.ws/service_turkpos_prod.asmx",
            true,
        ),
        (
            LIVE,
            "https://test-dmzd1.param.com.tr/turkpos.ws/service_turkpos_test.asmx",
            false,
        ),
        (
            TEST,
            "https://poswsd2.param.com.tr/turkpos.ws/service_turkpos_prod.asmx",
            false,
        ),
        (LIVE, "http://poswsd2.param.com.tr/x", false),
        (
            LIVE,
            "https://poswsd2.param.com.tr/other.ws/service.asmx",
            false,
        ),
        (LIVE, "https://poswsd2.param.com.tr/turkpos.ws/logs", false),
        (LIVE, "https://evilparam.com.tr/x", false),
        (LIVE, "https://param.com.tr.evil.example/x", false),
        (LIVE, "https://evil.example/.param.com.tr/", false),
        (LIVE, "https://evil.example#.param.com.tr/", false),
        (LIVE, "https://evil.example?.param.com.tr/", false),
        (LIVE, "https://a@evil.example\\.param.com.tr/", false),
        (LIVE, "https://a.param.com.tr:80/", false),
        (LIVE, "https://a.param.com.tr", false),
        (LIVE, "", false),
        ("http://127.0.0.1:1/x", "https://a.param.com.tr/", false),
    ] {
        assert_eq!(node(own, address), is_node.then_some(address), "{address}");
    }
}

#[test]
fn amounts_have_a_point_or_a_comma() {
    for (text, minor) in [
        ("10.01", Some(1_001)),
        ("10,01", Some(1_001)),
        ("10.5", Some(1_050)),
        ("0", Some(0)),
        ("", None),
        (".5", None),
        ("1.000,01", None),
        ("-1", None),
        ("1.001", None),
        ("92233720368547758.08", None),
    ] {
        assert_eq!(lira(text), minor, "{text}");
    }
}

#[test]
fn a_page_is_read_as_a_browser_would_or_not_at_all() {
    let page = "<!DOCTYPE html><html><head><script>if (1 < 2) document.write('<form>')</script></head>\
        <!-- <form action='x'> --><body onload=\"document.f.submit()\"><FORM name=f METHOD='POST' \
        action=\"https://acs.example/a?b=1&amp;c=2&d\"><input type=\"hidden\" name=\"_charset_\" \
        value=\"UTF-8\"/><input type=hidden name=PaReq value='a&#43;b&quot;'><input name=\"empty\">\
        <noscript><input type=\"submit\" name=\"go\" value=\"Go\"></noscript></form></body></html>";
    let form = page::form(page).unwrap();
    assert_eq!(form.action, "https://acs.example/a?b=1&c=2&d");
    let fields = [("_charset_", "UTF-8"), ("PaReq", "a+b\""), ("empty", "")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form.fields, fields);
    for broken in [
        "",
        "NONSECURE",
        "<html>3d</html>",
        "<form action='https://a'>",
        "<form method=get action='https://a'>",
        "<form method=post>",
        "<form method=post action=x></form><form method=post action=y></form>",
        "<form method=post action=x><select name=a></select></form>",
        "<form method=post action=x><input type=file name=a></form>",
        "<form method=post action=x><input name='a' value='&#27;[1m'></form>",
        "<form method=post action=x><input name='a",
        "<form method=post action='x",
    ] {
        assert!(page::form(broken).is_none(), "{broken}");
    }
}
