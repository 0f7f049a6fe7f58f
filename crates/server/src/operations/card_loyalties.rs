//! `/payment/v1/card-loyalties`: which rewards a card has.

use super::given_card::{self, Given, Texts};
use super::{Caller, Problem, TOP, check};
use crate::app::App;
use crate::engine::bank_call::BankCall;
use crate::engine::rewards;
use crate::store::inquiries::{self, Found, Inquiry};
use crate::store::poses::{self, Pos};
use connectors::bank::{Loyalties, LoyaltyInquiry, Verb, Verdict};
use contract::card_loyalties::{
    Loyalty, RetrieveLoyaltiesRequest, RetrieveLoyaltiesResponse, Reward,
};
use contract::card_payments::MerchantPos;
use contract::enums::{Currency, LoyaltyType};
use contract::errors::ErrorGroup;
use contract::money::Money;
use contract::rules::Rule;
use std::sync::Arc;

/// `POST /payment/v1/card-loyalties/retrieve`.
pub async fn retrieve(
    app: &App,
    caller: &Caller,
    request: RetrieveLoyaltiesRequest,
) -> Result<RetrieveLoyaltiesResponse, Problem> {
    let sent = &request.secure_fields_token;
    TOP.refuse("secureFieldsToken", Rule::CardKindNotOffered, sent)?;
    let texts = Texts::of(&request, &caller.claims);
    let client_ip = check::client_ip(request.client_ip)?;
    let given = Given {
        holder: None,
        number: request.card_number,
        expire_year: request.expire_year,
        expire_month: request.expire_month,
        cvc: request.cvc,
        user_key: request.card_user_key,
        token: request.card_token,
        texts,
    };
    let card = given_card::read(app, caller.merchant.id, &TOP, given, false).await?;
    let poses = poses::for_payment(app, caller.merchant.id).await?;
    let pos = pos_for_inquiry(&poses, card.bin.as_deref(), card.data.cvc.is_some())?;
    // The request is spent before the bank is asked, so that no replica asks for it twice.
    let commit = caller.claims.intent(app, None);
    let otherwise = Problem::unavailable("an inquiry could not be noted");
    caller.claims.commit(app, commit, otherwise).await?;

    let call =
        BankCall::without_payment(app, &pos).map_err(|_| Problem::rule(Rule::NoPosForReward))?;
    let inquiry = LoyaltyInquiry {
        order: &call.order,
        card: &card.data,
        client_ip: client_ip.as_deref(),
    };
    let found = match call.bank.loyalties(call.context(), inquiry).await {
        Ok(Verdict::Approved(found)) => found,
        Ok(Verdict::Declined(decline)) => {
            return Err(Problem::failed(&decline));
        }
        Err(doubt) => {
            // An inquiry moves no money: not knowing is only a failed question.
            tracing::warn!(pos = pos.id, detail = %doubt.detail, "a points inquiry has no answer");
            return Err(Problem::failed(ErrorGroup::CommunicationOrSystemError));
        }
    };
    let loyalties = loyalties_response(found);
    let inquiry = Inquiry {
        merchant_id: caller.merchant.id,
        id: app.next_id(),
        subject: inquiries::card(card.data.pan.bin(), card.data.pan.last_four()),
        at: app.now(),
        found: Found::Rewards(loyalties.clone()),
    };
    app.journal.note(inquiries::insert(&inquiry));
    let shown = card.card_view();
    Ok(RetrieveLoyaltiesResponse {
        card_brand: shown.brand.clone(),
        card_issuer_bank_name: shown.issuer_name.clone(),
        card_issuer_bank_id: shown.issuer_id,
        force3ds: Some(pos.forces_threeds() || card.is_debit()),
        pos: Some(MerchantPos {
            id: Some(pos.id),
            name: Some(pos.name.clone()),
            alias: Some(pos.alias.clone()),
            bank_id: Some(pos.bank_id),
        }),
        fraud_result: None,
        loyalties,
    })
}

/// The POS that is asked: one that may ask for rewards of this card's family, on-us first. Without
/// a CVC, one that is open to payments without.
fn pos_for_inquiry(
    poses: &[Arc<Pos>],
    bin: Option<&crate::bins::Bin>,
    has_cvc: bool,
) -> Result<Arc<Pos>, Problem> {
    let mut able: Vec<&Arc<Pos>> = poses
        .iter()
        .filter(|pos| {
            let bank = connectors::directory::protocol(pos.integrator);
            pos.is_usable()
                && pos.currency == Currency::Try
                && rewards::can_inquire(pos, bin)
                && bank.is_some_and(|bank| bank.verbs().contains(&Verb::Loyalties))
        })
        .collect();
    if able.is_empty() {
        return Err(Problem::rule(Rule::NoPosForReward));
    }
    able.retain(|pos| has_cvc || pos.settings.enable_payment_without_cvc);
    able.sort_by_key(|pos| {
        (
            bin.is_none_or(|b| b.bank_code != pos.bank_id),
            pos.order_number,
            pos.id,
        )
    });
    able.into_iter()
        .next()
        .cloned()
        .ok_or_else(|| Problem::failed(ErrorGroup::CvcRequired))
}

fn loyalties_response(found: Loyalties) -> Vec<Loyalty> {
    let lira = |minor: i64| Money::new(minor, Currency::Try).decimal();
    let points = found
        .balance
        .filter(|b| b.card + b.firm + b.mile > 0)
        .map(|balance| Loyalty {
            r#type: Some(LoyaltyType::RewardMoney),
            reward: Some(Reward {
                card_reward_money: Some(lira(balance.card)),
                firm_reward_money: Some(lira(balance.firm)),
                mile_reward_money: (balance.mile > 0).then(|| lira(balance.mile)),
                total_reward_money: Some(lira(balance.card + balance.firm + balance.mile)),
            }),
            ..Loyalty::default()
        });
    let campaigns = found.campaigns.into_iter().map(|campaign| Loyalty {
        r#type: Some(campaign.loyalty_type),
        message: Some(connectors::scrub::words(&campaign.message)),
        ..Loyalty::default()
    });
    points.into_iter().chain(campaigns).collect()
}
