//! Who does something, and whether a role allows it. Asked inside the operations, so that no door
//! can forget it; what was refused stands in the audit log like what was done.

use super::Problem;
use crate::app::App;
use crate::store::audit::{self, Entry, Outcome};
use crate::store::db::Commit;
pub use crate::store::roles::Role;
use contract::rules::Rule;
use serde_json::Value as Json;

impl Role {
    /// Whether it allows this. The whole table; `docs/panel.md` shows it.
    pub const fn allows(self, permission: Permission) -> bool {
        use Permission::{
            ApproveLoans, Capture, ChangeAccounts, ChangeSettings, ExportPayments, Inquire,
            LookAtAudit, LookAtPayments, LookAtRequests, LookAtSettings, ManageCards, ManageKeys,
            ManagePeople, Refund, ResendWebhooks, SettleDoubts,
        };
        match permission {
            LookAtPayments | LookAtSettings => true,
            Inquire => !matches!(self, Role::ReadOnly | Role::Developer),
            ApproveLoans | Capture | Refund | SettleDoubts | ExportPayments => {
                matches!(self, Role::Owner | Role::Finance)
            }
            ManageCards => matches!(self, Role::Owner | Role::Support),
            ResendWebhooks => matches!(self, Role::Owner | Role::Support | Role::Developer),
            ChangeSettings | ChangeAccounts | ManageKeys | LookAtRequests => {
                matches!(self, Role::Owner | Role::Developer)
            }
            LookAtAudit => matches!(self, Role::Owner | Role::Finance),
            ManagePeople => matches!(self, Role::Owner),
        }
    }
}

/// What a role may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Payments, loans, figures.
    LookAtPayments,
    /// Features, POSes, methods: credentials masked.
    LookAtSettings,
    /// Asks bank or lender how a payment stands.
    Inquire,
    /// Confirms a loan: the bank disburses.
    ApproveLoans,
    /// Takes what is held.
    Capture,
    /// Gives money back, or notes that it was given back outside.
    Refund,
    /// Says what became of a payment or refund that no inquiry could settle.
    SettleDoubts,
    /// Takes payments away as a file.
    ExportPayments,
    /// Deletes stored cards, brings them from a former provider.
    ManageCards,
    /// Sends a webhook again.
    ResendWebhooks,
    /// Features, 3DS policy, callback and webhook keys, addresses, events.
    ChangeSettings,
    /// POSes and alternative methods.
    ChangeAccounts,
    /// API keys.
    ManageKeys,
    /// The request log.
    LookAtRequests,
    /// The audit log.
    LookAtAudit,
    /// Who may come in, and as what.
    ManagePeople,
}

impl Permission {
    /// Every permission, in the order of the panel's menu.
    pub const ALL: [Permission; 16] = [
        Permission::LookAtPayments,
        Permission::Inquire,
        Permission::ApproveLoans,
        Permission::Capture,
        Permission::Refund,
        Permission::SettleDoubts,
        Permission::ExportPayments,
        Permission::ManageCards,
        Permission::ResendWebhooks,
        Permission::LookAtSettings,
        Permission::ChangeSettings,
        Permission::ChangeAccounts,
        Permission::ManageKeys,
        Permission::LookAtRequests,
        Permission::LookAtAudit,
        Permission::ManagePeople,
    ];
}

/// Who does something, and from where.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub principal: Principal,
    /// The address that the connection came from; empty for commands.
    pub address: String,
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A shop, by this API key: may do all that the API offers.
    ApiKey(String),
    /// A person who runs commands on the server: may do everything.
    Operator,
    /// A person in the panel.
    User {
        /// Their id.
        id: i64,
        /// Their e-mail.
        email: String,
        /// What they are for this merchant.
        role: Role,
    },
    /// Unknown, as at a sign-in that fails.
    Nobody,
}

impl Actor {
    /// The operator, at the command line.
    pub fn operator() -> Actor {
        Actor {
            principal: Principal::Operator,
            address: String::new(),
        }
    }

    /// A person in the panel.
    pub fn is_person(&self) -> bool {
        matches!(self.principal, Principal::User { .. })
    }

    /// A shop, by its API key.
    pub fn is_shop(&self) -> bool {
        matches!(self.principal, Principal::ApiKey(_))
    }

    /// What they are called beside what they did.
    pub fn name(&self) -> String {
        match &self.principal {
            Principal::ApiKey(key) => key.clone(),
            Principal::Operator => "operator".to_owned(),
            Principal::User { email, .. } => email.clone(),
            Principal::Nobody => String::new(),
        }
    }

    /// Whether this is allowed.
    pub fn may(&self, permission: Permission) -> bool {
        match &self.principal {
            Principal::ApiKey(_) | Principal::Operator => true,
            Principal::User { role, .. } => role.allows(permission),
            Principal::Nobody => false,
        }
    }

    /// Refuses, with an entry in the audit log, what is not allowed. `action` and `target` name
    /// what was tried, in the words of the entry that would have been written.
    pub async fn require(
        &self,
        app: &App,
        merchant_id: i64,
        permission: Permission,
        action: &'static str,
        target: &str,
    ) -> Result<(), Problem> {
        if self.may(permission) {
            return Ok(());
        }
        let mut commit = Commit::new(merchant_id, app.next_id());
        self.note_refused(app, merchant_id, action, target, &mut commit);
        app.commit(commit).await?.ignore_conflict();
        Err(Problem::rule(Rule::RoleForbids))
    }

    /// Notes in the commit of a change that it was made. Secrets never come in `before` and
    /// `after`: who words them masks them.
    pub fn note(
        &self,
        app: &App,
        merchant_id: i64,
        action: &'static str,
        target: &str,
        change: (Json, Json),
        commit: &mut Commit,
    ) {
        let (before, after) = change;
        let entry = Entry {
            before: Some(before).filter(|json| !json.is_null()),
            after: Some(after).filter(|json| !json.is_null()),
            ..self.entry(merchant_id, action, target)
        };
        audit::insert(app, &entry, commit);
    }

    /// Notes in a commit that something was refused.
    pub fn note_refused(
        &self,
        app: &App,
        merchant_id: i64,
        action: &'static str,
        target: &str,
        commit: &mut Commit,
    ) {
        let entry = Entry {
            outcome: Outcome::Refused,
            ..self.entry(merchant_id, action, target)
        };
        audit::insert(app, &entry, commit);
    }

    /// [`Actor::note_refused`] behind the answer, which must not take longer where there is something to
    /// note. The journal writes it, and a shutdown waits for that.
    pub fn note_refused_behind(
        &self,
        app: &App,
        merchant_id: i64,
        action: &'static str,
        target: &str,
    ) {
        let mut commit = Commit::new(merchant_id, app.next_id());
        self.note_refused(app, merchant_id, action, target, &mut commit);
        app.journal.note(commit);
    }

    /// Notes a look at something sensitive, before it is shown.
    pub async fn note_look(
        &self,
        app: &App,
        merchant_id: i64,
        action: &'static str,
        target: &str,
    ) -> Result<(), Problem> {
        let mut commit = Commit::new(merchant_id, app.next_id());
        let entry = self.entry(merchant_id, action, target);
        audit::insert(app, &entry, &mut commit);
        Ok(app.commit(commit).await?.no_conflict()?)
    }

    fn entry(&self, merchant_id: i64, action: &'static str, target: &str) -> Entry {
        let (actor_kind, actor, role) = match &self.principal {
            Principal::ApiKey(key) => ("API_KEY", key.clone(), None),
            Principal::Operator => ("OPERATOR", String::new(), None),
            Principal::User { email, role, .. } => ("USER", email.clone(), Some(*role)),
            Principal::Nobody => ("NOBODY", String::new(), None),
        };
        Entry {
            merchant_id,
            actor_kind: actor_kind.to_owned(),
            actor,
            role: role.map(|role| role.as_str().to_owned()),
            address: self.address.clone(),
            action: action.to_owned(),
            target: audit_target(target),
            outcome: Outcome::Done,
            before: None,
            after: None,
        }
    }
}

/// What may stand in the audit log of a target that somebody typed: short, without control
/// characters and card numbers. Ids of ours have fifteen digits, cards sixteen or a blank between.
fn audit_target(target: &str) -> String {
    const ID_DIGITS: usize = 15;
    let id = target.len() <= ID_DIGITS && target.bytes().all(|byte| byte.is_ascii_digit());
    if id {
        target.to_owned()
    } else {
        connectors::scrub::words(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_everything_and_a_reader_changes_nothing() {
        for permission in Permission::ALL {
            assert!(Role::Owner.allows(permission), "{permission:?}");
            let look = matches!(
                permission,
                Permission::LookAtPayments | Permission::LookAtSettings
            );
            assert_eq!(Role::ReadOnly.allows(permission), look, "{permission:?}");
        }
    }

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
    }
}
