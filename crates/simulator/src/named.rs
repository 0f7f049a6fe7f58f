//! Enums whose variants have names: in the ledger's file, in the control API, in the log.

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum $type { $($variant),+ }

        impl $type {
            /// Every value, in this order.
            pub(crate) const ALL: &[$type] = &[$($type::$variant),+];

            /// The name as it is stored and told.
            pub(crate) fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The value of that name.
            pub(crate) fn by_name(name: &str) -> Option<$type> {
                $type::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

pub(crate) use named;
