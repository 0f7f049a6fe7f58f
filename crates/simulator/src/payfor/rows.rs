//! A transaction as inquiries and lists show it, and as a page tells it to the shop: the same record with
//! some ninety fields, in the order of the recordings. Its own number is in `F37`: `HostRefNum` is empty in
//! inquiries.

use jiff::Timestamp;
use jiff::civil::Date;

use super::account::Account;
use super::answer::{auth_code, message, reference, trace};
use super::request::Request;
use super::threeds::{PAGE_SALE, eci};
use crate::clock::istanbul;
use crate::fields::in_lira;
use crate::ledger::{Kind, MoveKind, Order, State};
use crate::session::Session;
use crate::xml::{Node, node, text};

/// Fields of an inquiry, with what stands in those that nothing is told in.
const INQUIRY: &str = "RequestGuid InsertDatetime MbrId MerchantID OrderId RequestIp RequestStat=1,10 \
    SecureType PurchAmount Exponent=2 Currency Description OkUrl FailUrl PayerTxnId \
    PayerAuthenticationCode Eci MD Hash TerminalID TxnType OrgOrderId SubMerchantCode recur_frequency \
    recur_expiry CardType Lang=tr BonusAmount InstallmentCount Rnd AlphaCode=TL Ecommerce=1 \
    MrcCountryCode=792 MrcName=TEST MerchantHomeUrl CardHolderName IrcDet IrcCode Version TxnStatus \
    CavvAlg ParesVerified ParesSyntaxOk ErrMsg VendorDet D3Status=-1 TxnResult AuthCode HostRefNum \
    ProcReturnCode ReturnUrl ErrorData BatchNo VoidDate CardMask ReqId UsedPoint SrcType=VPO \
    RefundedAmount=0 RefundedPoint=0 ReqDate SysDate F11 F37 IsRepeatTxn CavvResult VposElapsedTime=16 \
    BankingElapsedTime=0 SocketElapsedTime=0 HsmElapsedTime=3 MpiElapsedTime=0 hasOrderId=False \
    TemplateType=0 HasAddressCount=False IsPaymentFacilitator=False MerchantCountryCode OrgTxnType \
    F11_ORG=0 F12_ORG=0 F13_ORG F22_ORG=0 F25_ORG=0 MTI_ORG=0 DsBrand IntervalType=0 IntervalDuration=0 \
    RepeatCount=0 CustomerCode RequestMerchantDomain RequestClientIp ResponseRnd ResponseHash \
    BankInternalResponseCode BankInternalResponseMessage BankInternalResponseSubcode \
    BankInternalResponseSubmessage BayiKodu VoidTime=0 VoidUserCode PaymentLinkId=0 ClientId IsQRValid \
    IsFastValid IsQR IsFast QRRefNo HubConnId WalletData Tds2dsTransId Is3DHost ArtiTaksit=0 AuthId \
    PAYFORFROMXMLREQUEST=1 IsVoided IsRefunded TrxDate ReturnMessage";

/// Fields of a row of a list.
const LISTED: &str = "UseExistingDataWhenInserting=false RequestGuid status=1 InsertDatetime lastUpdated \
    MbrId MerchantID OrderId PaymentSeq=0 RequestIp RequestStat=1,10 Pan Expiry SecureType PurchAmount \
    TxnAmount Exponent=2 Currency UserCode Description OkUrl FailUrl PayerTxnId PayerAuthenticationCode \
    Eci MD Hash TerminalID TxnType TerminalTxnType=2 MOTO OrgOrderId SubMerchantCode recur_frequency \
    recur_expiry CardType Lang=TR Expsign BonusAmount InstallmentCount Rnd AlphaCode=TL Ecommerce=1 \
    MrcCountryCode=792 MrcName=TEST MerchantHomeUrl CardHolderName IrcDet IrcCode Version TxnStatus \
    CavvAlg ParesVerified ParesSyntaxOk ErrMsg VendorDet D3Stat TxnResult AuthCode HostRefNum \
    ProcReturnCode ReturnUrl ErrorData BatchNo VoidDate CardMask ReqId UsedPoint SrcType=VPO \
    RefundedAmount=0 RefundedPoint=0 ReqDate SysDate F11 F37 F37_ORG Mti=0 Pcode=0 F12 F13 F22=812 F25=59 \
    F32 IsRepeatTxn CavvResult VposElapsedTime=16 BankingElapsedTime=0 SocketElapsedTime=0 \
    HsmElapsedTime=3 MpiElapsedTime=0 hasOrderId=false TemplateType=0 HasAddressCount=false \
    IsPaymentFacilitator=false OrgTxnType F11_ORG=0 F12_ORG=0 F13_ORG F22_ORG=0 F25_ORG=0 MTI_ORG=0 \
    DsBrand IntervalType=0 IntervalDuration=0 RepeatCount=0 CustomerCode RequestMerchantDomain \
    RequestClientIp ResponseRnd ResponseHash BankSpecificRequest=0 BankInternalResponseCode \
    BankInternalResponseMessage BankInternalResponseSubcode BankInternalResponseSubmessage BayiKodu \
    VoidTime=0 VoidUserCode PaymentLinkId=0 ClientId IsQR IsFast QRRefNo HubConnId WalletData \
    Tds2dsTransId Is3DHost ArtiTaksit=0 AuthId";

type Known = Vec<(&'static str, String)>;

/// The fields of a shape with what is known of them; a value may not be blank inside the shape.
pub(super) fn fill(shape: &'static str, known: &Known) -> Vec<(&'static str, String)> {
    let fields = shape.split_whitespace();
    let fields = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
    fields
        .map(|(name, default)| {
            let told = known.iter().find(|(known, _)| *known == name);
            let value = told.map_or_else(|| default.to_owned(), |(_, value)| value.clone());
            (name, value)
        })
        .collect()
}

/// One transaction: an order's own, or one that was made about it.
pub(super) struct Row {
    seq: i64,
    at: Timestamp,
    kind: &'static str,
    /// The kind and number of what it is about.
    original: Option<(&'static str, i64)>,
    amount: i64,
    voided_at: Option<Timestamp>,
    /// Given back of it: money and points together, and the points alone.
    refunded: (i64, i64),
    order: Order,
}

impl Row {
    /// The order's own transaction and all that were made about it, oldest first.
    pub(super) fn all_of(order: &Order) -> Vec<Row> {
        let row = |kind, (seq, at), amount| Row {
            seq,
            at,
            kind,
            original: None,
            amount,
            voided_at: None,
            refunded: (0, 0),
            order: order.clone(),
        };
        let first = match order.kind {
            Kind::Hold => order.held,
            Kind::Sale | Kind::Points => order.amount,
        };
        let own = (order.seq, order.created_at);
        let mut rows = vec![row(first_kind(order), own, first)];
        for made in &order.moves {
            let taken = standing(&mut rows);
            let original = taken.as_ref().map(|taken| (taken.kind, taken.seq));
            let (kind, original) = match made.kind {
                MoveKind::Capture => ("PostAuth", Some(("", order.seq))),
                MoveKind::Refund | MoveKind::PointRefund => ("Refund", original),
                MoveKind::Void | MoveKind::Uncapture => {
                    if let Some(taken) = taken {
                        taken.voided_at = Some(made.at);
                    }
                    ("Void", original)
                }
            };
            let refunded = match kind {
                "Refund" => (made.amount, made.points.total().unwrap_or_default()),
                _ => (0, 0),
            };
            rows.push(Row {
                original,
                refunded,
                ..row(kind, (made.seq, made.at), made.amount)
            });
        }
        if let Some(taken) = standing(&mut rows) {
            let points = order.returned.total().unwrap_or_default();
            taken.refunded = (order.refunded, points);
        }
        rows
    }

    /// Whether it took the money, or holds it.
    pub(super) fn takes(&self) -> bool {
        !matches!(self.kind, "Void" | "Refund")
    }

    fn day(&self) -> Date {
        istanbul(self.at).date()
    }

    /// Its fields as they are told everywhere; dates differ.
    fn known(&self, account: &Account) -> Known {
        let (order, at) = (&self.order, istanbul(self.at));
        let (_, id) = order.names();
        let declined = order.state == State::Declined;
        let code = if declined { order.code.as_str() } else { "00" };
        let status = match (declined, self.voided_at) {
            (true, _) => "N",
            (false, Some(_)) => "V",
            (false, None) => "Y",
        };
        let day = at.strftime("%Y%m%d").to_string();
        let own = self.original.is_none();
        let spent = order.spent.total().filter(|spent| *spent > 0 && own);
        let lira_or_none = |kurus: i64| match kurus {
            0 => "0".to_owned(),
            kurus => in_lira(kurus),
        };
        let bonus = spent.map(in_lira);
        let mut known: Known = vec![
            ("RequestGuid", guid(self.seq)),
            ("MbrId", account.member.to_owned()),
            ("MerchantID", account.merchant.to_owned()),
            ("OrderId", id.to_owned()),
            ("SecureType", secure_type(order).to_owned()),
            ("PurchAmount", in_lira(self.amount)),
            ("TxnAmount", in_lira(self.amount)),
            ("Currency", order.currency.clone()),
            ("UserCode", account.user.to_owned()),
            ("TerminalID", account.terminal.to_owned()),
            ("TxnType", self.kind.to_owned()),
            ("BonusAmount", bonus.clone().unwrap_or_default()),
            ("InstallmentCount", order.instalments.to_string()),
            ("TxnStatus", status.to_owned()),
            ("ErrMsg", message(code).to_owned()),
            ("ReturnMessage", message(code).to_owned()),
            (
                "TxnResult",
                if declined { "Failed" } else { "Success" }.to_owned(),
            ),
            ("ProcReturnCode", code.to_owned()),
            ("BatchNo", batch(self.at)),
            ("CardMask", order.masked.to_string()),
            ("ReqId", self.seq.to_string()),
            ("UsedPoint", bonus.unwrap_or_else(|| "0".to_owned())),
            ("RefundedAmount", lira_or_none(self.refunded.0)),
            ("RefundedPoint", lira_or_none(self.refunded.1)),
            ("ReqDate", day.clone()),
            ("SysDate", day),
            ("F11", trace(self.seq).to_string()),
            ("F12", at.strftime("%-H%M%S").to_string()),
            ("F13", at.strftime("%-m%d").to_string()),
            ("F37", reference(self.seq, self.at)),
            ("IsVoided", (status == "V").to_string()),
            ("IsRefunded", (order.state == State::Refunded).to_string()),
        ];
        if declined {
            known.push(("IrcDet", message(code).to_owned()));
            known.push(("IrcCode", code.to_owned()));
        } else {
            known.push(("AuthCode", auth_code(order)));
        }
        if order.three_ds && own {
            known.push(("D3Status", "1".to_owned()));
            known.push(("D3Stat", "Y".to_owned()));
        }
        if let Some((kind, seq)) = self.original {
            known.push(("OrgOrderId", id.to_owned()));
            known.push(("OrgTxnType", kind.to_owned()));
            known.push(("F11_ORG", trace(seq).to_string()));
            known.push(("F37_ORG", reference(seq, order.created_at)));
        }
        if let Some(voided_at) = self.voided_at {
            let at = istanbul(voided_at);
            known.push(("VoidDate", at.strftime("%Y%m%d").to_string()));
            known.push(("VoidTime", at.strftime("%-H%M%S").to_string()));
            known.push(("VoidUserCode", account.user.to_owned()));
        }
        known
    }
}

/// The last transaction that took money, or holds it, and was not undone.
fn standing(rows: &mut [Row]) -> Option<&mut Row> {
    let stands = |row: &&mut Row| row.takes() && row.voided_at.is_none();
    rows.iter_mut().rfind(stands)
}

/// What the order itself was.
fn first_kind(order: &Order) -> &'static str {
    match order.kind {
        Kind::Hold => "PreAuth",
        Kind::Sale | Kind::Points => "Auth",
    }
}

fn secure_type(order: &Order) -> &'static str {
    if order.nonce.starts_with(PAGE_SALE) {
        PAGE_SALE
    } else if order.three_ds {
        "3DModel"
    } else {
        "NonSecure"
    }
}

/// A transaction's number in inquiries.
fn guid(seq: i64) -> String {
    format!("1{seq:015}")
}

/// The batch that the day's transactions go into.
pub(super) fn batch(at: Timestamp) -> String {
    (4_000 + i32::from(istanbul(at).day_of_year())).to_string()
}

fn elements(fields: Vec<(&'static str, String)>) -> Vec<Node> {
    let elements = fields.into_iter();
    elements.map(|(name, value)| text(name, value)).collect()
}

/// `OrderInquiry` of an order that is there.
pub(super) fn inquiry(request: &Request, row: &Row) -> Node {
    let Some(account) = request.account else {
        return nothing(request);
    };
    let mut known = row.known(account);
    let at = istanbul(row.at);
    known.push((
        "InsertDatetime",
        at.strftime("%-d.%m.%Y %H:%M:%S").to_string(),
    ));
    known.push(("TrxDate", at.strftime("%-d.%m.%Y %H:%M").to_string()));
    node("PayforResponse", elements(fill(INQUIRY, &known)))
}

/// `OrderInquiry` of a request that was verified and is not sold yet, by its number, which counts microseconds.
pub(super) fn verified(
    account: &Account,
    number: u64,
    session: &Session,
    association: &str,
) -> Node {
    let at = i64::try_from(number).ok();
    let at = at.and_then(|number| Timestamp::from_microsecond(number).ok());
    let at = istanbul(at.unwrap_or_default());
    let kind = if session.holds { "PreAuth" } else { "Auth" };
    let bonus = (session.points > 0).then(|| in_lira(session.points));
    let known = vec![
        ("RequestGuid", number.to_string()),
        (
            "InsertDatetime",
            at.strftime("%-d.%m.%Y %H:%M:%S").to_string(),
        ),
        ("MbrId", account.member.to_owned()),
        ("MerchantID", account.merchant.to_owned()),
        ("OrderId", session.order_id.clone()),
        ("RequestStat", "1,3,5".to_owned()),
        ("SecureType", "3DModel".to_owned()),
        ("PurchAmount", in_lira(session.amount)),
        ("Currency", session.currency.clone()),
        ("TerminalID", account.terminal.to_owned()),
        ("TxnType", kind.to_owned()),
        ("BonusAmount", bonus.unwrap_or_default()),
        ("InstallmentCount", session.instalments.to_string()),
        ("Eci", eci(session, association).to_owned()),
        (
            "D3Status",
            session.md_status.unwrap_or_default().to_string(),
        ),
        ("TxnStatus", "N".to_owned()),
        ("TxnResult", "Failed".to_owned()),
        ("ProcReturnCode", "V033".to_owned()),
        ("ErrMsg", message("V033").to_owned()),
        ("ReturnMessage", message("V033").to_owned()),
        ("CardMask", session.masked.clone()),
        ("IsVoided", "false".to_owned()),
        ("IsRefunded", "false".to_owned()),
    ];
    node("PayforResponse", elements(fill(INQUIRY, &known)))
}

/// What is told of an order that is not there, but for its date.
fn unknown(request: &Request) -> Known {
    let (asked, account) = (request.order_id(), request.account);
    let account = |value: fn(&Account) -> &'static str| account.map_or("", value).to_owned();
    vec![
        ("RequestGuid", "0".to_owned()),
        ("status", "0".to_owned()),
        ("MbrId", account(|account| account.member)),
        ("MerchantID", account(|account| account.merchant)),
        ("OrderId", asked.to_owned()),
        ("SecureType", request.value("SecureType").to_owned()),
        ("TxnAmount", "0".to_owned()),
        ("Currency", "949".to_owned()),
        ("TerminalID", account(|account| account.terminal)),
        ("TxnType", request.value("TxnType").to_owned()),
        ("OrgOrderId", asked.to_owned()),
        ("InstallmentCount", "0".to_owned()),
        ("IrcDet", message("V013").to_owned()),
        ("IrcCode", "99961".to_owned()),
        ("TxnStatus", "P".to_owned()),
        ("ErrMsg", message("V013").to_owned()),
        ("ReturnMessage", message("V013").to_owned()),
        ("TxnResult", "Failed".to_owned()),
        ("ProcReturnCode", "V013".to_owned()),
        ("UsedPoint", "0".to_owned()),
        ("ReqDate", "0".to_owned()),
        ("SysDate", "0".to_owned()),
        ("IsVoided", "false".to_owned()),
        ("IsRefunded", "false".to_owned()),
    ]
}

/// `OrderInquiry` of an order that is not there.
pub(super) fn nothing(request: &Request) -> Node {
    let mut known = unknown(request);
    known.push(("InsertDatetime", "1.01.0001 00:00:00".to_owned()));
    node("PayforResponse", elements(fill(INQUIRY, &known)))
}

/// `TxnHistory`: these rows, or one that says that there is none.
pub(super) fn report(request: &Request, rows: Vec<Row>) -> Node {
    let listed = |known: &Known| {
        let row = node("PaymentRequest", elements(fill(LISTED, known)));
        node("PaymentRequestExtended", vec![row])
    };
    let mut told: Vec<Node> = Vec::new();
    if let Some(account) = request.account {
        told.extend(rows.iter().map(|row| {
            let mut known = row.known(account);
            let at = istanbul(row.at);
            known.push((
                "InsertDatetime",
                at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            ));
            known.push(("lastUpdated", at.strftime("%Y%m%d%H%M%S00").to_string()));
            // A digest, never the number.
            known.push(("Pan", row.order.card.chars().take(32).collect()));
            listed(&known)
        }));
    }
    if told.is_empty() {
        let mut known = unknown(request);
        known.push(("InsertDatetime", "0001-01-01T00:00:00".to_owned()));
        told.push(listed(&known));
    }
    node("TxnHistoryReport", told)
}

/// The rows of a day among all of these orders, oldest first.
pub(super) fn of_day(orders: &[Order], day: Date) -> Vec<Row> {
    let rows = orders.iter().flat_map(Row::all_of);
    let mut rows: Vec<Row> = rows.filter(|row| row.day() == day).collect();
    rows.sort_by_key(|row| row.seq);
    rows
}
