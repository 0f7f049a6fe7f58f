//! Macros for the objects of the wire: a field in Rust, its type, its name on the wire.
//!
//! How a value of each type is read stands in [`crate::received`]. serde's `flatten` is not used
//! anywhere: it does not keep the text of numbers.

/// Whether a field is left out of an answer. Lists never are, not even empty ones.
pub(crate) trait LeftOut {
    fn left_out(&self) -> bool;
}

impl<T> LeftOut for Option<T> {
    fn left_out(&self) -> bool {
        self.is_none()
    }
}

impl<T> LeftOut for Vec<T> {
    fn left_out(&self) -> bool {
        false
    }
}

/// Reads an object from a JSON object or an empty list. What serde derives would take a list of the
/// fields' values in order as well, and a card that way would be nobody's mistake but a trap.
macro_rules! reads_objects {
    ($name:ident { $($field:ident = $text:literal,)+ }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$name, D::Error> {
                struct OfObject;

                impl<'de> serde::de::Visitor<'de> for OfObject {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self,
                        list: A,
                    ) -> Result<$name, A::Error> {
                        $crate::received::empty(list)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> Result<$name, A::Error> {
                        $name::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                // Asked for a map, serde_json would not show the visitor a list.
                deserializer.deserialize_struct(stringify!($name), &[], OfObject)
            }
        }

        impl $crate::received::Received for $name {
            fn received<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$name, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }

            fn texts(
                &self,
                at: &$crate::received::Place<'_>,
                tell: $crate::received::Listener<'_>,
            ) {
                $($crate::received::Received::texts(
                    &self.$field,
                    &$crate::received::Place::Field(at, $text),
                    tell,
                );)+
            }
        }
    };
}

/// An object that only arrives. Every field may be absent or null, unknown fields are ignored,
/// and `Debug` tells which fields were sent, never what they hold.
macro_rules! wire_request {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, serde::Deserialize)]
        #[serde(default, remote = "Self")]
        pub struct $name {
            $(
                #[doc = concat!("`", $text, "` on the wire.")]
                $(#[$field_meta])*
                #[serde(rename = $text, deserialize_with = "crate::received::received")]
                pub $field: $type,
            )+
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $(if self.$field.is_some() {
                    shown.field($text, &format_args!("***"));
                })+
                shown.finish()
            }
        }

        $crate::wire_type::reads_objects! { $name { $($field = $text,)+ } }
    };
}

/// An object that only leaves. What is `None` is left out, lists are always there.
macro_rules! wire_response {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $text:literal),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        pub struct $name {
            $(
                #[doc = concat!("`", $text, "` on the wire.")]
                $(#[$field_meta])*
                #[serde(rename = $text, skip_serializing_if = "crate::wire_type::LeftOut::left_out")]
                pub $field: $type,
            )*
        }

    };
}

/// An object that arrives and leaves, and holds nothing secret.
macro_rules! wire_shared {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, remote = "Self")]
        pub struct $name {
            $(
                #[doc = concat!("`", $text, "` on the wire.")]
                $(#[$field_meta])*
                #[serde(
                    rename = $text,
                    skip_serializing_if = "crate::wire_type::LeftOut::left_out",
                    deserialize_with = "crate::received::received"
                )]
                pub $field: $type,
            )+
        }

        $crate::wire_type::reads_objects! { $name { $($field = $text,)+ } }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }

    };
}

/// An object that arrives as a query string. Empty values count as absent (Node sends them for
/// null), a repeated key keeps its last value or adds to its list, unknown keys are ignored.
macro_rules! wire_query {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: Option<$type:ty> = $text:literal $(| $alias:literal)?),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $(
                #[doc = concat!("`", $text, "` on the wire.")]
                $(#[$field_meta])*
                pub $field: Option<$type>,
            )+
        }

        impl $name {
            /// The keys, in order.
            pub const KEYS: &'static [&'static str] = &[$($text),+];

            /// Reads decoded pairs. The error is the name of the key whose value cannot be read, and
            /// the rule that it breaks.
            pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
                pairs: impl IntoIterator<Item = (K, V)>,
            ) -> Result<$name, (&'static str, $crate::rules::Rule)> {
                let mut query = $name::default();
                for (key, value) in pairs {
                    let value = value.as_ref();
                    if value.is_empty() {
                        continue;
                    }
                    match key.as_ref() {
                        $($text $(| $alias)? => {
                            let read = <$type as $crate::received::Queried>::queried(value);
                            let broken = <$type as $crate::received::Queried>::broken_rule;
                            let read = read.map_err(|_| ($text, broken(value)))?;
                            let before = query.$field.take();
                            query.$field = Some($crate::received::Queried::after(read, before));
                        })+
                        _ => {}
                    }
                }
                Ok(query)
            }
        }

    };
}

pub(crate) use {reads_objects, wire_query, wire_request, wire_response, wire_shared};
