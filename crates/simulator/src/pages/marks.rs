//! Marks of our own drawing, one per theme: plain shapes that look like no bank's.

/// What stands before the shapes: a square in which every mark is drawn.
macro_rules! mark {
    ($shapes:literal) => {
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">"#,
            $shapes,
            "</svg>"
        )
    };
}

const MARKS: &[(&str, &str)] = &[
    (
        "yapikredi",
        mark!(
            r##"<rect width="48" height="48" rx="6" fill="#fff"/><path d="M10 38V20a14 14 0 0 1 28 0v18h-8V20a6 6 0 0 0-12 0v18z" fill="#23308f"/><circle cx="24" cy="34" r="4" fill="#7b5cd6"/>"##
        ),
    ),
    (
        "garanti",
        mark!(
            r##"<rect width="48" height="48" rx="24" fill="#e3f4ec"/><path d="M24 9l13 7.5v15L24 39l-13-7.5v-15z" fill="none" stroke="#12583c" stroke-width="4"/><path d="M24 18v12M18 24h12" stroke="#12583c" stroke-width="4"/>"##
        ),
    ),
    (
        "isbank",
        mark!(
            r##"<rect width="48" height="48" fill="#fff"/><path d="M9 38h8V26H9zM20 38h8V18h-8zM31 38h8V10h-8z" fill="#1f3f9e"/>"##
        ),
    ),
    (
        "akbank",
        mark!(
            r##"<rect width="48" height="48" rx="10" fill="#b3122b"/><path d="M12 34 24 12l12 22z" fill="none" stroke="#fff" stroke-width="4" stroke-linejoin="round"/><path d="M18 28h12" stroke="#fff" stroke-width="4"/>"##
        ),
    ),
    (
        "fibabanka",
        mark!(
            r##"<rect width="48" height="48" rx="24" fill="#fff"/><circle cx="17" cy="19" r="7" fill="#005f83"/><circle cx="32" cy="19" r="5" fill="#e07a1f"/><circle cx="24" cy="33" r="6" fill="#3b9bbd"/>"##
        ),
    ),
    (
        "denizbank",
        mark!(
            r##"<rect width="48" height="48" rx="4" fill="#14213d"/><path d="M24 8l13 16-13 16-13-16z" fill="none" stroke="#f2c14e" stroke-width="3"/><path d="M24 17l6 7-6 7-6-7z" fill="#f2c14e"/>"##
        ),
    ),
    (
        "teb",
        mark!(
            r##"<rect width="48" height="48" rx="12" fill="#4a6600"/><path d="M10 30c5-8 9-8 14 0s9 8 14 0" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/><circle cx="24" cy="15" r="4" fill="#d6e89a"/>"##
        ),
    ),
    (
        "maslak",
        mark!(
            r##"<rect width="48" height="48" rx="14" fill="#fff"/><path d="M12 36V14l12 12 12-12v22" fill="none" stroke="#4a3b78" stroke-width="5" stroke-linejoin="round" stroke-linecap="round"/>"##
        ),
    ),
    (
        "plain",
        mark!(
            r##"<rect width="48" height="48" rx="8" fill="#fff"/><path d="M8 22 24 10l16 12zM12 25h5v10h-5zM21.500 25h5v10h-5zM31 25h5v10h-5zM9 37h30v3H9z" fill="#3d4654"/>"##
        ),
    ),
];

/// The mark of a theme.
pub(super) fn of_theme(theme: &str) -> Option<&'static str> {
    MARKS
        .iter()
        .find(|(known, _)| *known == theme)
        .map(|(_, svg)| *svg)
}
