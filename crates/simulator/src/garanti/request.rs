//! A GVP request and the parts of it that several operations read.

use crate::xml::{self, Node};

const MAX_INSTALMENTS: u32 = 36;

/// A request; an empty element when the body held none.
pub(crate) struct Request {
    pub(super) root: Node,
}

impl Request {
    /// The bank takes the document as the body itself or as the form field `data`.
    pub(super) fn read(body: &[u8]) -> Request {
        let posted = form_urlencoded::parse(body).find(|(name, _)| name == "data");
        let document = match &posted {
            Some((_, document)) if !body.trim_ascii_start().starts_with(b"<") => Some(&**document),
            _ => std::str::from_utf8(body).ok(),
        };
        let root = document.and_then(|document| xml::parse(document).ok());
        let root = root.filter(|root| root.name == "GVPSRequest");
        Request {
            root: root.unwrap_or_default(),
        }
    }

    /// The text at a path of element names; empty when there is none.
    pub(super) fn at(&self, path: &[&str]) -> &str {
        let mut node = &self.root;
        for name in path {
            match node.child(name) {
                Some(child) => node = child,
                None => return "",
            }
        }
        &node.text
    }

    pub(super) fn transaction(&self, name: &str) -> &str {
        self.at(&["Transaction", name])
    }

    pub(super) fn terminal(&self, name: &str) -> &str {
        self.at(&["Terminal", name])
    }

    pub(super) fn order_id(&self) -> &str {
        self.at(&["Order", "OrderID"])
    }

    pub(super) fn pan(&self) -> &str {
        self.at(&["Card", "Number"])
    }

    /// A sale after 3D Secure.
    pub(super) fn is_secure(&self) -> bool {
        self.transaction("CardholderPresentCode") == "13"
    }
}

/// 0 for a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    match digits {
        "" | "0" | "1" => Some(0),
        digits => digits
            .parse()
            .ok()
            .filter(|count| *count <= MAX_INSTALMENTS),
    }
}
