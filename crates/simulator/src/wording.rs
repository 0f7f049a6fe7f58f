//! Words of pages: each a field, in every language of the pages.

/// Makes the type whose fields are texts, and perhaps a few others.
macro_rules! words {
    ($(#[$doc:meta])* { $($(#[$attribute:meta])* $other:ident: $type:ty),* } $($name:ident),* $(,)?) => {
        $(#[$doc])*
        #[derive(serde::Serialize)]
        pub(crate) struct Words {
            $($(#[$attribute])* pub(crate) $other: $type,)*
            $(pub(crate) $name: &'static str,)*
        }
    };
}
pub(crate) use words;
