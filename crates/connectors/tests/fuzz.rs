//! A short run of the fuzz harness under a fixed seed. The long run is the example `fuzz`.

#![expect(
    clippy::unwrap_used,
    reason = "a harness that cannot read its fixtures fails"
)]

#[path = "../examples/fuzz/run.rs"]
mod run;

#[test]
fn nothing_damaged_is_approved_that_the_text_does_not_say() {
    let figures = run::run(1, 0..10_000);
    assert!(
        figures.findings.is_empty(),
        "{}",
        figures.findings.join("\n\n")
    );
    // The run reaches what it is about: damaged texts that are still approvals, and all kinds.
    let reached = |kind, way| {
        figures
            .counts
            .get(&(kind, way))
            .is_some_and(|count| *count > 0)
    };
    for kind in ["bank reply", "3DS return"] {
        for way in ["approved", "declined", "doubt"] {
            assert!(reached(kind, way), "{kind}: {way}: {:?}", figures.counts);
        }
    }
    for (kind, way) in [
        ("bank reply", "taken"),
        ("bank reply", "voided"),
        ("bank reply", "held"),
        ("bank reply", "given back"),
        ("lender reply", "approved"),
        ("lender reply", "standing"),
        ("lender reply", "doubt"),
        ("notification", "taken"),
        ("kept text", "kept"),
        ("request", "read"),
    ] {
        assert!(reached(kind, way), "{kind}: {way}: {:?}", figures.counts);
    }
}
