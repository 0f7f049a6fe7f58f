//! The 3DS steps of PosNet: encrypt, send the browser to the bank, resolve, and sell.
//!
//! What the browser carries is opaque to us; its truth is what the bank says when asked to
//! resolve it, under a MAC that both sides compute.

use super::{
    Spending, charged, currency, exchange, installment, order_id, posnet_id, refusal, request,
    terminal, write_card,
};
use crate::bank::{
    Account, Answer, BankContext, BankForm, Begin3ds, Charged, Doubt, Finish3ds, FormMethod, Order,
    Phase, Returned, RewardMoney, Verdict, Verified,
};
use crate::banks::{
    minor_units, not_supported, question_refused, refusal_of_move, unauthentic, unreadable,
};
use crate::digest::{same, sha256_base64};
use crate::xml::{Element, Writer};
use contract::card::Secret;

/// What the browser brought, kept between resolving and selling.
#[derive(serde::Serialize, serde::Deserialize)]
struct Packets {
    bank: String,
    merchant: String,
    sign: String,
}

// Hashes

/// Joins values with `;` and the digest of key and terminal, as every MAC of the document does.
pub(super) fn mac(account: &Account, values: &[&str]) -> String {
    let key = account.threeds_key.expose();
    let first = sha256_base64(&format!("{key};{}", terminal(account, true)));
    sha256_base64(&format!("{};{first}", values.join(";")))
}

/// Over order, amount, currency and merchant; a reply has its own word before them (`mdStatus`,
/// `hostlogkey`), a request has none.
fn order_mac(account: &Account, order: &Order, word: Option<&str>) -> Result<String, Doubt> {
    let amount = order.amount.minor.to_string();
    let known = [
        order.id.as_str(),
        &amount,
        currency(order)?,
        &account.client_id,
    ];
    let values: Vec<&str> = word.into_iter().chain(known).collect();
    Ok(mac(account, &values))
}

// The verbs

pub(crate) async fn begin(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    let (account, order) = (context.account, begin.order);
    let currency = currency(order)?;
    let spending = Spending::by(order, begin.reward)?;
    let request = request(account, true, &order_id(&order.id, true), |w| {
        w.element("oosRequestData", |w| {
            w.leaf("posnetid", posnet_id(account, true));
            write_card(w, begin.card);
            w.leaf("amount", &order.amount.minor.to_string());
            w.leaf("currencyCode", currency);
            w.leaf("installment", &installment(order));
            w.leaf("XID", &order.id);
            w.leaf("cardHolderName", &begin.card.holder);
            w.leaf(
                "tranType",
                match order.phase {
                    Phase::Sale => "Sale",
                    Phase::Hold => "Auth",
                },
            );
        });
    });
    let reply = exchange(context, request).await?;
    if let Some(decline) = refusal(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    let packet = |name| match reply.exact(&["oosRequestDataResponse", name])? {
        "" => Err(unreadable("the bank's packets are missing")),
        packet => Ok(packet.to_owned()),
    };
    // The page offers campaigns by itself and cannot be told which: it does so only when the
    // shopper asked for one.
    let campaigns = matches!(spending, Spending::Campaign(_));
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut fields = vec![
        field("mid", &account.client_id),
        field("posnetID", posnet_id(account, true)),
        field("posnetData", &packet("data1")?),
        field("posnetData2", &packet("data2")?),
        field("digest", &packet("sign")?),
        field("vftCode", ""),
        field("merchantReturnURL", begin.return_url),
        field("lang", begin.language),
        field("url", ""),
        field("openANewWindow", "0"),
    ];
    if campaigns {
        fields.push(field("useJokerVadaa", "1"));
    }
    Ok(Verdict::Approved(BankForm {
        method: FormMethod::Post,
        action: account.threeds_url.clone(),
        fields,
    }))
}

pub(crate) async fn verify(context: BankContext<'_>, returned: Returned<'_>) -> Answer<Verified> {
    let (account, order) = (context.account, returned.sale.order);
    let field = |name: &str| {
        let found = returned
            .fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.trim())
    };
    let elsewhere = |name, ours: &str| !field(name).is_empty() && field(name) != ours;
    if elsewhere("Xid", &order.id) || elsewhere("MerchantId", &account.client_id) {
        return Err(unauthentic("the browser came back with another order"));
    }
    let packets = Packets {
        bank: field("BankPacket").to_owned(),
        merchant: field("MerchantPacket").to_owned(),
        sign: field("Sign").to_owned(),
    };
    if packets.bank.is_empty() || packets.merchant.is_empty() || packets.sign.is_empty() {
        return Err(unreadable(
            "the browser came back without the bank's packets",
        ));
    }
    let mac = order_mac(account, order, None)?;
    let request = request(account, true, &order_id(&order.id, true), |w| {
        w.element("oosResolveMerchantData", |w| {
            write_packets(w, &packets);
            w.leaf("mac", &mac);
        });
    });
    let reply = exchange(context, request).await?;
    let Some(resolved) = reply.only("oosResolveMerchantDataResponse")? else {
        // A plain refusal is signed by nothing and names no order: whatever the browser brought, it was
        // not what the bank had sent with it.
        return match refusal(&reply)? {
            Some(decline) => Err(question_refused(decline.group)),
            None => Err(unreadable("an approval without the resolved order")),
        };
    };
    let verified = check_resolved(account, order, resolved, &packets)?;
    match refusal(&reply)? {
        Some(decline) => Ok(Verdict::Declined(decline)),
        None => Ok(Verdict::Approved(verified)),
    }
}

fn check_resolved(
    account: &Account,
    order: &Order,
    resolved: &Element,
    packets: &Packets,
) -> Result<Verified, Doubt> {
    let md_status = resolved.exact(&["mdStatus"])?;
    if !same(
        resolved.exact(&["mac"])?,
        &order_mac(account, order, Some(md_status))?,
    ) {
        return Err(unauthentic("the MAC of the resolved order is wrong"));
    }
    let ours = resolved.exact(&["xid"])? == order.id
        && minor_units(resolved.exact(&["amount"])?) == Some(order.amount.minor)
        && resolved.exact(&["currency"])? == currency(order)?;
    if !ours {
        return Err(unauthentic(
            "the bank resolved another order, amount or currency",
        ));
    }
    let page_points = minor_units(resolved.exact(&["pointAmount"])?)
        .filter(|points| (1..=order.amount.minor).contains(points))
        .filter(|_| order.phase == Phase::Sale);
    let proof = serde_json::to_string(packets).map_err(|_| unreadable("the packets"))?;
    Ok(Verified {
        // Empty when there was no 3DS at all.
        md_status: md_status.parse().unwrap_or(0),
        message: resolved.words(&["mdErrorMessage"]),
        page_points,
        proof: Secret::new(proof),
    })
}

pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let (account, order) = (context.account, finish.sale.order);
    let packets: Packets = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not PosNet's"))?;
    // One amount for all points: the bank takes them in its own order.
    let points = Spending::by(order, finish.reward)?.points();
    let points = points.ok_or_else(|| not_supported("more points than there can be"))?;
    let mac = order_mac(account, order, None)?;
    let request = request(account, true, &order_id(&order.id, true), |w| {
        w.element("oosTranData", |w| {
            write_packets(w, &packets);
            w.leaf("wpAmount", &points.to_string());
            w.leaf("mac", &mac);
        });
    });
    let reply = exchange(context, request).await?;
    // A decline is signed too, over an empty reference.
    let reference = reply.exact(&["hostlogkey"])?;
    if !same(
        reply.exact(&["mac"])?,
        &order_mac(account, order, Some(reference))?,
    ) {
        return Err(unauthentic("the MAC of the sale is wrong"));
    }
    match refusal_of_move(refusal(&reply)?)? {
        Some(decline) => Ok(Verdict::Declined(decline)),
        None => {
            let mut charged = charged(&reply)?;
            // What was asked as card and firm points went as World points alone.
            charged.spent = (points > 0).then_some(RewardMoney {
                card: points,
                firm: 0,
                mile: 0,
            });
            Ok(Verdict::Approved(charged))
        }
    }
}

fn write_packets(w: &mut Writer, packets: &Packets) {
    w.leaf("bankData", &packets.bank);
    w.leaf("merchantData", &packets.merchant);
    w.leaf("sign", &packets.sign);
}
