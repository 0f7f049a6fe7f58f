//! Recorded exchanges and hostile ones. The bench stands in `tests/bench`, where the fuzz harness finds
//! it too.

#[path = "../../../tests/bench/banks.rs"]
mod bench;
mod fixtures;
#[path = "../../../tests/bench/folder.rs"]
mod folder;
mod hostile;

pub(super) use bench::{Call, Replay, cases, protocol, ready};

#[test]
fn codes_and_references_are_letters_and_digits_of_their_length() {
    use super::{auth_code, reference};
    for (text, is_code, is_reference) in [
        ("", true, true),
        ("S05229", true, true),
        ("0000000002P0806031", false, true),
        ("7606789", false, true),
        ("<b>1", false, false),
        ("a&b", false, false),
        ("76 678", false, false),
        ("76067\u{e7}", false, false),
        (&"1".repeat(33), false, false),
    ] {
        assert_eq!(auth_code(text).is_ok(), is_code, "{text}");
        assert_eq!(reference(text).is_ok(), is_reference, "{text}");
    }
}
