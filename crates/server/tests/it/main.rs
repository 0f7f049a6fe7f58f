//! Integration tests: the server and the simulator in one process, over real HTTP, on the database
//! that `GALATA_TEST_DATABASE` names (`sqlite`, or `postgres` at `GALATA_TEST_POSTGRES_URL`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![expect(
    unreachable_pub,
    reason = "one binary: everything here is for its own modules"
)]

mod admission;
mod arrows;
mod autopilot;
mod backup;
mod bad_input;
mod bad_loans;
mod bad_poses;
mod bad_refunds;
mod bank_replies;
mod bank_tls;
mod bank_verbs;
mod bins;
mod bnpl_payments;
mod books;
mod browser;
mod card_kinds;
mod card_loyalties;
mod card_number;
mod card_payments;
mod card_verifications;
mod cards;
mod claims;
mod commands;
mod commands_show;
mod commissions;
mod connections;
mod docs;
mod doctor;
mod double_submits;
mod doubt;
mod doubts;
mod due;
mod exchanges;
mod families;
mod figures;
mod file_reporting;
mod flags;
mod given_up;
mod growth;
mod health;
mod hold_doubt;
mod holds;
mod idempotency;
mod installments;
mod kept_secret;
mod key_rotation;
mod keys;
mod kill;
mod leases;
mod limits;
mod loan_refunds;
mod loose_input;
mod mail;
mod memory;
mod merchant_apms;
mod merchant_poses;
mod page_sales;
mod panel;
mod panel_cards;
mod panel_commissions;
mod panel_door;
mod panel_figures;
mod panel_filters;
mod panel_forms;
mod panel_holds;
mod panel_overview;
mod panel_payments;
mod panel_people;
mod panel_poses;
mod panel_reports;
mod panel_roles;
mod panel_routing_rules;
mod panel_settings;
mod payment_reporting;
mod process;
mod rates;
mod refund_doubt;
mod refund_kills;
mod refund_transactions;
mod refunds;
mod replicas;
mod requests;
mod routing;
mod routing_rules;
mod safe_defaults;
mod search_dates;
mod secrets;
mod shares;
mod shop;
mod signed_requests;
mod speaking;
mod threeds;
mod time_outs;
mod turns;
mod unchanged;
mod unspoken_bank;
mod webhooks;

mod wrong_key;
