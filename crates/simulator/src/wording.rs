//! Words of pages: a line each, in Turkish and English side by side.

/// Makes the type whose fields are the words, and `of`, which has them in a language.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident $($name:ident: $turkish:literal | $english:literal,)*) => {
        $(#[$doc])*
        #[derive(serde::Serialize)]
        pub(crate) struct $type {
            #[serde(skip)]
            pub(crate) language: Language,
            $(pub(crate) $name: &'static str,)*
        }

        const TURKISH: $type = $type { language: Language::Turkish, $($name: $turkish,)* };
        const ENGLISH: $type = $type { language: Language::English, $($name: $english,)* };

        /// The words of a language.
        pub(crate) fn of(language: Language) -> &'static $type {
            match language {
                Language::Turkish => &TURKISH,
                Language::English => &ENGLISH,
            }
        }
    };
}
pub(crate) use words;
