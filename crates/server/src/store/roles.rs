//! What people are for a merchant, as it is stored. What a role allows is said in `operations`.

use std::fmt;
use std::str::FromStr;

/// What a person may be for a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, people included.
    Owner,
    /// Money: loans, doubts, exports.
    Finance,
    /// Shoppers' questions: looks, inquires, sends webhooks again.
    Support,
    /// The integration: keys, webhooks, accounts at banks, the request log.
    Developer,
    /// Looks only.
    ReadOnly,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Role; 5] = [
        Role::Owner,
        Role::Finance,
        Role::Support,
        Role::Developer,
        Role::ReadOnly,
    ];

    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "OWNER",
            Role::Finance => "FINANCE",
            Role::Support => "SUPPORT",
            Role::Developer => "DEVELOPER",
            Role::ReadOnly => "READ_ONLY",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Role, ()> {
        let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or(())
    }
}
