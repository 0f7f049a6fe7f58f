//! The schema's history, compiled in. A migration that has landed is never changed.

use super::db::Migration;

/// Every migration, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "foundation",
        sql: include_str!("../../migrations/0001_foundation.sql"),
    },
    Migration {
        version: 2,
        name: "panel",
        sql: include_str!("../../migrations/0002_panel.sql"),
    },
    Migration {
        version: 3,
        name: "asked",
        sql: include_str!("../../migrations/0003_asked.sql"),
    },
    Migration {
        version: 4,
        name: "account_refusals",
        sql: include_str!("../../migrations/0004_account_refusals.sql"),
    },
    Migration {
        version: 5,
        name: "doubt",
        sql: include_str!("../../migrations/0005_doubt.sql"),
    },
    Migration {
        version: 6,
        name: "due",
        sql: include_str!("../../migrations/0006_due.sql"),
    },
    Migration {
        version: 7,
        name: "claims",
        sql: include_str!("../../migrations/0007_claims.sql"),
    },
    Migration {
        version: 8,
        name: "vault_check",
        sql: include_str!("../../migrations/0008_vault_check.sql"),
    },
    Migration {
        version: 9,
        name: "callers_id",
        sql: include_str!("../../migrations/0009_callers_id.sql"),
    },
    Migration {
        version: 10,
        name: "claims_before",
        sql: include_str!("../../migrations/0010_claims_before.sql"),
    },
    Migration {
        version: 11,
        name: "settings_version",
        sql: include_str!("../../migrations/0011_settings_version.sql"),
    },
    Migration {
        version: 12,
        name: "fewer_indexes",
        sql: include_str!("../../migrations/0012_fewer_indexes.sql"),
    },
    Migration {
        version: 13,
        name: "refunds",
        sql: include_str!("../../migrations/0013_refunds.sql"),
    },
    Migration {
        version: 14,
        name: "commissions",
        sql: include_str!("../../migrations/0014_commissions.sql"),
    },
    Migration {
        version: 15,
        name: "cards",
        sql: include_str!("../../migrations/0015_cards.sql"),
    },
    Migration {
        version: 16,
        name: "submits",
        sql: include_str!("../../migrations/0016_submits.sql"),
    },
    Migration {
        version: 17,
        name: "reports",
        sql: include_str!("../../migrations/0017_reports.sql"),
    },
    Migration {
        version: 18,
        name: "autopilot",
        sql: include_str!("../../migrations/0018_autopilot.sql"),
    },
    Migration {
        version: 19,
        name: "card_mappings",
        sql: include_str!("../../migrations/0019_card_mappings.sql"),
    },
    Migration {
        version: 20,
        name: "holds",
        sql: include_str!("../../migrations/0020_holds.sql"),
    },
    Migration {
        version: 21,
        name: "routing_rules",
        sql: include_str!("../../migrations/0021_routing_rules.sql"),
    },
    Migration {
        version: 22,
        name: "page_sales",
        sql: include_str!("../../migrations/0022_page_sales.sql"),
    },
    Migration {
        version: 23,
        name: "card_verifications",
        sql: include_str!("../../migrations/0023_card_verifications.sql"),
    },
    Migration {
        version: 24,
        name: "loan_refunds",
        sql: include_str!("../../migrations/0024_loan_refunds.sql"),
    },
    Migration {
        version: 25,
        name: "given_up",
        sql: include_str!("../../migrations/0025_given_up.sql"),
    },
    Migration {
        version: 26,
        name: "in_order",
        sql: include_str!("../../migrations/0026_in_order.sql"),
    },
    Migration {
        version: 27,
        name: "reconciliations",
        sql: include_str!("../../migrations/0027_reconciliations.sql"),
    },
    Migration {
        version: 28,
        name: "bin_lists",
        sql: include_str!("../../migrations/0028_bin_lists.sql"),
    },
    Migration {
        version: 29,
        name: "pos_options",
        sql: include_str!("../../migrations/0029_pos_options.sql"),
    },
    Migration {
        version: 30,
        name: "difference_sources",
        sql: include_str!("../../migrations/0030_difference_sources.sql"),
    },
];
