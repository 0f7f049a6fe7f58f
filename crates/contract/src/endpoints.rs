//! The table of endpoints: what the public clients can call, and which of it is served here.
//!
//! 138 come from the official clients; the older verify call with a body comes from the public
//! documentation. What is not served answers an enveloped 404.

pub use crate::wire::endpoints::ENDPOINTS;

/// One endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The part of the API that it belongs to: `payment`, `merchant`, `wallet`.
    pub group: &'static str,
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The path with its variables in braces.
    pub path: &'static str,
    /// The type of the body, or of the query string where the method is `GET` or `DELETE`.
    pub request: Option<&'static str>,
    /// The type under `data`; `[Type]` for `data.items`; `void`, `bytes` or `any`.
    pub response: &'static str,
    /// Whether this version serves it.
    pub served: bool,
    /// The operation's name, unique: `card_loyalties::retrieve`.
    pub name: &'static str,
}

impl Endpoint {
    pub(crate) const fn served(
        group: &'static str,
        method: &'static str,
        path: &'static str,
        request: Option<&'static str>,
        response: &'static str,
        name: &'static str,
    ) -> Endpoint {
        Endpoint {
            group,
            method,
            path,
            request,
            response,
            served: true,
            name,
        }
    }

    pub(crate) const fn unserved(
        group: &'static str,
        method: &'static str,
        path: &'static str,
        request: Option<&'static str>,
        response: &'static str,
        name: &'static str,
    ) -> Endpoint {
        Endpoint {
            group,
            method,
            path,
            request,
            response,
            served: false,
            name,
        }
    }
}
