//! The directory: every bank we know is one row of data, and the names of all Turkish banks.
//!
//! A row without a protocol is known by name and by the rules of its rewards, but not spoken to.

use crate::account::{AGREED, AGREED_POINTS, AccountNeeds, AccountOption, Options, Words, words};
use crate::bank::Verb;
use crate::protocol::Protocol;
use contract::enums::{LoyaltyType, PosIntegrator};
use std::sync::OnceLock;

/// One bank's virtual POS. An address that is not published is empty (and the port 443).
#[derive(Debug, Clone, PartialEq)]
pub struct BankRow {
    /// Its name on the wire.
    pub integrator: PosIntegrator,
    /// What people call it; it tells a bank's several integrations apart.
    pub name: &'static str,
    /// EFT code of the bank (`bankId`, `bankCode`).
    pub bank_id: i64,
    /// How it is spoken to, when we can.
    pub protocol: Option<Protocol>,
    /// Host of the bank's production system.
    pub hostname: &'static str,
    /// Host of the bank's test system.
    pub test_hostname: &'static str,
    /// Host of the production system's 3DS page, where it is another one; else empty.
    pub page_hostname: &'static str,
    /// The same of the test system.
    pub test_page_hostname: &'static str,
    /// Port of both.
    pub port: u16,
    /// Path of the API.
    pub path: &'static str,
    /// Path of the page to which the browser goes for 3DS.
    pub threeds_path: &'static str,
    /// Verbs of its protocol that it does not offer.
    pub without: &'static [Verb],
    /// What it can do with points and campaigns, when it can.
    pub rewards: Option<RewardProfile>,
    /// What it can do for a merchant with whom the bank agreed on it ([`AGREED_POINTS`]).
    pub agreed_rewards: Option<RewardProfile>,
}

impl BankRow {
    /// The official title of its bank.
    pub fn bank_name(&self) -> &'static str {
        bank_name(self.bank_id).unwrap_or(self.name)
    }

    /// What an account with these options can do with points and campaigns.
    pub fn rewards_of(&self, chosen: &Options) -> Option<&RewardProfile> {
        let is_agreed = chosen.get(AGREED_POINTS.name) == AGREED;
        let agreed = self.agreed_rewards.as_ref().filter(|_| is_agreed);
        agreed.or(self.rewards.as_ref())
    }

    /// Where the 3DS page lies that belongs to this host of the API.
    pub fn page_host<'a>(&'a self, hostname: &'a str) -> &'a str {
        let own = [
            (self.hostname, self.page_hostname),
            (self.test_hostname, self.test_page_hostname),
        ];
        let page = own
            .into_iter()
            .find(|(api, page)| *api == hostname && !page.is_empty());
        page.map_or(hostname, |(_, page)| page)
    }

    /// The bank's own hosts: those of its API, and those of its 3DS page where they are others.
    pub fn hosts(&self) -> impl Iterator<Item = &'static str> {
        let hosts = [
            self.hostname,
            self.test_hostname,
            self.page_hostname,
            self.test_page_hostname,
        ];
        hosts.into_iter().filter(|host| !host.is_empty())
    }
}

/// What a bank's POS does with points and campaigns.
#[derive(Debug, Clone, PartialEq)]
pub struct RewardProfile {
    /// Card programmes whose points this POS can spend.
    pub families: &'static [&'static str],
    /// Only cards that this bank itself issued.
    pub own_issuer_only: bool,
    /// Points must pay the whole amount.
    pub full_amount_only: bool,
    /// Card and firm points cannot be used together.
    pub one_kind_only: bool,
    /// Campaigns that a payment may choose; others are applied by the issuer and only reported.
    pub selectable_campaigns: &'static [LoyaltyType],
}

/// Any card of the programmes, any part of the amount, no campaign to choose.
const PLAIN: RewardProfile = RewardProfile {
    families: &[],
    own_issuer_only: false,
    full_amount_only: false,
    one_kind_only: false,
    selectable_campaigns: &[],
};

const YKB_REWARDS: RewardProfile = RewardProfile {
    families: &["World"],
    own_issuer_only: true,
    selectable_campaigns: &[
        LoyaltyType::AdditionalInstallment,
        LoyaltyType::PostponingInstallment,
        LoyaltyType::ExtraPoints,
        LoyaltyType::GainingMinutes,
        LoyaltyType::PostponingStatement,
    ],
    ..PLAIN
};

const GARANTI_REWARDS: RewardProfile = RewardProfile {
    families: &["Bonus", "Garanti BBVA CC", "Shop&Fly", "Miles&Smiles"],
    // Nothing is sent for it: the issuer adds the instalments that its host message announced.
    selectable_campaigns: &[LoyaltyType::AdditionalInstallment],
    ..PLAIN
};

// Reward pages of the platform: points pay the whole amount, and one kind of them.
const ISBANK_REWARDS: RewardProfile = RewardProfile {
    families: &["Maximum"],
    full_amount_only: true,
    one_kind_only: true,
    ..PLAIN
};

// The same pages: points pay the whole amount.
const HALKBANK_REWARDS: RewardProfile = RewardProfile {
    families: &["Paraf"],
    full_amount_only: true,
    ..PLAIN
};

// NestPay's clients spend by one element at these banks (KULLANPUAN). Whether TEB and ING take the Bonus of
// other issuers is not public: they are asked about their own cards.
const OWN_BONUS_REWARDS: RewardProfile = RewardProfile {
    families: &["Bonus"],
    own_issuer_only: true,
    ..PLAIN
};

const ZIRAATBANK_REWARDS: RewardProfile = RewardProfile {
    families: &["Bankkart Combo"],
    ..PLAIN
};

// Chip-para, which Wings cards earn too; on JSON by the fields of the bank's document (ccb, pcb).
const AKBANK_REWARDS: RewardProfile = RewardProfile {
    families: &["Axess", "Wings"],
    ..PLAIN
};

// ParaPuan. Whether the bank takes that of other issuers' CardFinans is not public.
const FINANSBANK_REWARDS: RewardProfile = RewardProfile {
    families: &["CardFinans"],
    own_issuer_only: true,
    ..PLAIN
};

// Bonus. Whether the bank takes that of other issuers is not public.
const DENIZBANK_REWARDS: RewardProfile = OWN_BONUS_REWARDS;
// The bank's own World cards; whose points it spends without an agreement is not public (World's rule: none).
const VAKIFBANK_AGREED_REWARDS: RewardProfile = RewardProfile {
    families: &["World"],
    own_issuer_only: true,
    ..PLAIN
};

// Param asks the points of any card by one message; its messages by brand are World's and CardFinans's. Of World
// only Yapı Kredi's own cards have points, which a row cannot say of another issuer.
const PARAM_REWARDS: RewardProfile = RewardProfile {
    families: &["CardFinans"],
    ..PLAIN
};

/// A bank on NestPay. All of them share the maker's test system.
const fn nestpay(
    integrator: PosIntegrator,
    name: &'static str,
    bank_id: i64,
    hostname: &'static str,
    rewards: Option<RewardProfile>,
) -> BankRow {
    BankRow {
        protocol: Some(Protocol::NestPay),
        hostname,
        test_hostname: "entegrasyon.asseco-see.com.tr",
        path: "/fim/api",
        threeds_path: "/fim/est3Dgate",
        ..known(integrator, name, bank_id, rewards)
    }
}

/// A bank that is known, but not spoken to.
const fn known(
    integrator: PosIntegrator,
    name: &'static str,
    bank_id: i64,
    rewards: Option<RewardProfile>,
) -> BankRow {
    BankRow {
        integrator,
        name,
        bank_id,
        protocol: None,
        hostname: "",
        test_hostname: "",
        page_hostname: "",
        test_page_hostname: "",
        port: 443,
        path: "",
        threeds_path: "",
        without: &[],
        rewards,
        agreed_rewards: None,
    }
}

#[rustfmt::skip] // A table: a bank that is not spoken to a line.
static ROWS: [BankRow; 24] = [
    BankRow {
        protocol: Some(Protocol::PosNet),
        hostname: "posnet.yapikredi.com.tr",
        test_hostname: "setmpos.ykb.com",
        path: "/PosnetWebService/XML",
        threeds_path: "/3DSWebService/YKBPaymentService",
        ..known(PosIntegrator::Ykb, "Yapı Kredi", 67, Some(YKB_REWARDS))
    },
    BankRow {
        protocol: Some(Protocol::Garanti),
        hostname: "sanalposprov.garanti.com.tr",
        test_hostname: "sanalposprovtest.garantibbva.com.tr",
        path: "/VPServlet",
        threeds_path: "/servlet/gt3dengine",
        ..known(PosIntegrator::Garanti, "Garanti BBVA", 62, Some(GARANTI_REWARDS))
    },
    nestpay(PosIntegrator::Isbank, "İş Bankası", 64, "sanalpos.isbank.com.tr", Some(ISBANK_REWARDS)),
    known(PosIntegrator::IsbankVpos, "İş Bankası (VPOS)", 64, Some(ISBANK_REWARDS)),
    nestpay(PosIntegrator::Halkbank, "Halkbank", 12, "sanalpos.halkbank.com.tr", Some(HALKBANK_REWARDS)),
    known(PosIntegrator::HalkbankVpos, "Halkbank (VPOS)", 12, Some(HALKBANK_REWARDS)),
    nestpay(PosIntegrator::Akbank, "Akbank", 46, "www.sanalakpos.com", Some(AKBANK_REWARDS)),
    BankRow {
        protocol: Some(Protocol::Akbank),
        hostname: "api.akbank.com",
        test_hostname: "apipre.akbank.com",
        page_hostname: "virtualpospaymentgateway.akbank.com",
        test_page_hostname: "virtualpospaymentgatewaypre.akbank.com",
        path: "/api/v1/payment/virtualpos/transaction/process",
        threeds_path: "/securepay",
        ..known(PosIntegrator::AkbankVpos, "Akbank (VPOS)", 46, Some(AKBANK_REWARDS))
    },
    nestpay(PosIntegrator::Ziraatbank, "Ziraat Bankası", 10, "sanalpos2.ziraatbank.com.tr", Some(ZIRAATBANK_REWARDS)),
    // The test system has `/Ziraatbank/VposWeb/v3/Vposreq.aspx` and `/ZiraatBank/MpiWeb/Enrollment.aspx`.
    BankRow {
        protocol: Some(Protocol::PayFlex),
        hostname: "sanalpos.ziraatbank.com.tr",
        test_hostname: "preprod.payflex.com.tr",
        page_hostname: "mpi.ziraatbank.com.tr",
        // No address of a common payment of its own is public.
        without: &[Verb::PageSale],
        path: "/v4/v3/Vposreq.aspx",
        threeds_path: "/Enrollment.aspx",
        ..known(PosIntegrator::ZiraatbankInnova, "Ziraat Bankası (Innova)", 10, Some(ZIRAATBANK_REWARDS))
    },
    nestpay(PosIntegrator::Teb, "TEB", 32, "sanalpos.teb.com.tr", Some(OWN_BONUS_REWARDS)),
    nestpay(PosIntegrator::Ingbank, "ING", 99, "sanalpos.ingbank.com.tr", Some(OWN_BONUS_REWARDS)),
    nestpay(PosIntegrator::Anadolubank, "Anadolubank", 135, "anadolusanalpos.est.com.tr", None),
    known(PosIntegrator::Fibabank, "Fibabanka", 103, None),
    // Its production address is not public: the merchant types it.
    nestpay(PosIntegrator::FibabankAsseco, "Fibabanka (Asseco)", 103, "", None),
    nestpay(PosIntegrator::Finanskatilim, "Türkiye Finans", 206, "sanalpos.turkiyefinans.com.tr", None),
    // Hosts and paths of both as clients of the protocol have them.
    BankRow {
        protocol: Some(Protocol::PayFor),
        hostname: "vpos.qnbfinansbank.com",
        test_hostname: "vpostest.qnbfinansbank.com",
        path: "/Gateway/XMLGate.aspx",
        threeds_path: "/Gateway/Default.aspx",
        ..known(PosIntegrator::Finansbank, "QNB", 111, Some(FINANSBANK_REWARDS))
    },
    BankRow {
        protocol: Some(Protocol::PayFor),
        hostname: "vpos.ziraatkatilim.com.tr",
        test_hostname: "payfortestziraatkatilim.cordisnetwork.com",
        path: "/Mpi/XMLGate.aspx",
        threeds_path: "/Mpi/Default.aspx",
        ..known(PosIntegrator::Ziraatkatilim, "Ziraat Katılım", 209, None)
    },
    // The gateway of 2025, from public clients, which ask its MPI at a host of its own. The hosts before it are typed, with
    // the whole address of their MPI. Points only where an account says so: World's rule keeps them off.
    BankRow {
        protocol: Some(Protocol::PayFlex),
        hostname: "apigw.vakifbank.com.tr",
        test_hostname: "apiportalprep.vakifbank.com.tr",
        page_hostname: "inbound.apigateway.vakifbank.com.tr",
        test_page_hostname: "inbound.apigatewaytest.vakifbank.com.tr",
        port: 8443,
        path: "/virtualPos/Vposreq",
        threeds_path: "/threeDGateway/Enrollment",
        agreed_rewards: Some(VAKIFBANK_AGREED_REWARDS),
        ..known(PosIntegrator::Vakifbank, "VakıfBank", 15, None)
    },
    // Clients agree on the live host; one alone tells of the test host.
    BankRow {
        protocol: Some(Protocol::VakifKatilim),
        hostname: "boa.vakifkatilim.com.tr",
        test_hostname: "boatest.vakifkatilim.com.tr",
        path: "/VirtualPOS.Gateway/Home",
        threeds_path: "/VirtualPOS.Gateway/Home",
        ..known(PosIntegrator::Vakifkatilim, "Vakıf Katılım", 210, None)
    },
    // Hosts and path as clients of the protocol have them; one address takes messages and forms.
    BankRow {
        protocol: Some(Protocol::InterVpos),
        hostname: "inter-vpos.com.tr",
        test_hostname: "test.inter-vpos.com.tr",
        path: "/mpi/Default.aspx",
        threeds_path: "/mpi/Default.aspx",
        ..known(PosIntegrator::Denizbank, "DenizBank", 134, Some(DENIZBANK_REWARDS))
    },
    // The bank's document (2024/25) and clients: SOAP lies on boa.kuveytturk.com.tr, and the gates of the test system
    // under /boa.virtualpos.services/Home; the connector knows both.
    BankRow {
        protocol: Some(Protocol::Kuveyt),
        hostname: "sanalpos.kuveytturk.com.tr",
        test_hostname: "boatest.kuveytturk.com.tr",
        path: "/ServiceGateWay/Home",
        threeds_path: "/ServiceGateWay/Home",
        ..known(PosIntegrator::Kuveytturk, "Kuveyt Türk", 205, None)
    },
    known(PosIntegrator::Enpara, "Enpara", 157, None),
    // A payment institution: it has no page of its own, and no EFT code but the one that open lists give it.
    BankRow {
        protocol: Some(Protocol::Param),
        hostname: "posws.param.com.tr",
        test_hostname: "testposws.param.com.tr",
        path: "/turkpos.ws/service_turkpos_prod.asmx",
        threeds_path: "/turkpos.ws/service_turkpos_prod.asmx",
        ..known(PosIntegrator::ParamPos, "Param", 9989, Some(PARAM_REWARDS))
    },
];

/// A row that a test adds.
static TRIED: OnceLock<BankRow> = OnceLock::new();

/// Adds a row until the process ends, once, in place of the one that its integrator has: so that a test
/// can show what a new row leads to. No program calls it.
#[doc(hidden)]
pub fn try_row(row: BankRow) {
    _ = TRIED.set(row);
}

fn rows() -> impl Iterator<Item = &'static BankRow> {
    let tried = TRIED.get();
    let is_replaced =
        move |row: &BankRow| tried.is_some_and(|new| new.integrator == row.integrator);
    ROWS.iter()
        .filter(move |row| !is_replaced(row))
        .chain(tried)
}

/// The banks that are spoken to.
pub fn spoken() -> impl Iterator<Item = &'static BankRow> {
    rows().filter(|row| row.protocol.is_some())
}

/// The row of a POS integrator.
pub fn row(integrator: PosIntegrator) -> Option<&'static BankRow> {
    rows().find(|row| row.integrator == integrator)
}

/// Whether a bank is spoken to in a protocol that has this verb, and offers it.
pub fn can(integrator: PosIntegrator, verb: Verb) -> bool {
    row(integrator).is_some_and(|row| {
        let bank = row.protocol;
        bank.is_some_and(|bank| bank.verbs().contains(&verb)) && !row.without.contains(&verb)
    })
}

/// The protocol of a POS integrator; `None` when we speak none.
pub fn protocol(integrator: PosIntegrator) -> Option<Protocol> {
    row(integrator)?.protocol
}

/// What an account of a POS integrator needs; `None` when we do not speak to it.
pub fn account(integrator: PosIntegrator) -> Option<&'static AccountNeeds> {
    protocol(integrator).map(Protocol::account)
}

/// What differs from one merchant of a POS integrator to the next.
pub fn options(integrator: PosIntegrator) -> impl Iterator<Item = &'static AccountOption> {
    let agreed = row(integrator).and_then(|row| row.agreed_rewards.as_ref());
    let needs = account(integrator).into_iter();
    let protocol = needs.flat_map(|needs| needs.options);
    protocol.chain(agreed.map(|_| &AGREED_POINTS))
}

/// What people call a POS integrator, or an API user of its accounts.
pub fn words_of(spelling: &str) -> Option<Words> {
    let row = rows().find(|row| row.integrator.as_str() == spelling);
    let user = || {
        let mut users = spoken()
            .flat_map(|row| account(row.integrator))
            .flat_map(|needs| needs.users);
        users.find(|user| user.operation.as_str() == spelling)
    };
    row.map(|row| words(row.name, row.name))
        .or_else(|| user().map(|user| user.name))
}

/// Names by EFT code: the official titles, as the published card tables spell them. A bank has this
/// one name wherever Galata shows it.
static BANK_NAMES: [(i64, &str); 30] = [
    (10, "T.C.ZİRAAT BANKASI A.Ş."),
    (12, "T.HALK BANKASI A.Ş."),
    (15, "T. VAKIFLAR BANKASI T.A.O."),
    (32, "TÜRK EKONOMİ BANKASI A.Ş."),
    (46, "AKBANK T.A.Ş."),
    (59, "ŞEKERBANK T.A.Ş."),
    (62, "T. GARANTİ BANKASI A.Ş."),
    (64, "T. İŞ BANKASI A.Ş."),
    (67, "YAPI VE KREDİ BANKASI A.Ş."),
    (92, "CITIBANK A.Ş."),
    (96, "TURKISH BANK A.Ş."),
    (99, "ING BANK A.Ş."),
    (103, "FIBABANKA A.Ş."),
    (108, "TURKLAND BANK A.Ş."),
    (109, "ICBC TURKEY BANK A.Ş."),
    (111, "QNB FİNANSBANK A.Ş."),
    (123, "HSBC BANK A.Ş."),
    (124, "ALTERNATİF BANK A.Ş."),
    (125, "BURGAN BANK A.Ş."),
    (134, "DENİZBANK A.Ş."),
    (135, "ANADOLUBANK A.Ş."),
    (143, "AKTİF YATIRIM BANKASI A.Ş."),
    (146, "ODEA BANK A.Ş."),
    (157, "ENPARA BANK A.Ş."),
    (203, "ALBARAKA TÜRK KATILIM BANKASI A.Ş."),
    (205, "KUVEYT TÜRK KATILIM BANKASI A.Ş."),
    (206, "TÜRKİYE FİNANS KATILIM BANKASI A.Ş."),
    (209, "ZİRAAT KATILIM BANKASI A.Ş."),
    (210, "VAKIF KATILIM BANKASI A.Ş."),
    (9989, "TURK ELEKTRONİK PARA A.Ş."),
];

/// The name of the bank with this EFT code.
pub fn bank_name(eft_code: i64) -> Option<&'static str> {
    BANK_NAMES
        .iter()
        .find(|(code, _)| *code == eft_code)
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Slot;

    #[test]
    fn an_integrator_has_one_row_and_its_bank_has_a_name() {
        for (at, row) in ROWS.iter().enumerate() {
            assert!(
                ROWS[..at]
                    .iter()
                    .all(|other| other.integrator != row.integrator)
            );
            assert!(bank_name(row.bank_id).is_some());
        }
    }

    #[test]
    fn what_we_speak_to_has_an_address() {
        assert!(spoken().next().is_some());
        for row in spoken() {
            assert!(protocol(row.integrator).is_some());
            let has_no_public_host = row.integrator == PosIntegrator::FibabankAsseco;
            assert_eq!(row.hostname.is_empty(), has_no_public_host);
            assert!(!row.test_hostname.is_empty());
            assert!(row.path.starts_with('/') && row.threeds_path.starts_with('/'));
        }
        assert!(protocol(PosIntegrator::Fibabank).is_none());
    }

    #[test]
    fn a_page_has_a_host_of_its_own_where_the_bank_says_so() {
        for (bank, api, page) in [
            (
                "AKBANK_VPOS",
                "api.akbank.com",
                "virtualpospaymentgateway.akbank.com",
            ),
            (
                "AKBANK_VPOS",
                "apipre.akbank.com",
                "virtualpospaymentgatewaypre.akbank.com",
            ),
            (
                "AKBANK_VPOS",
                "api.akbank.com.example",
                "api.akbank.com.example",
            ),
            ("AKBANK_VPOS", "127.0.0.1", "127.0.0.1"),
            (
                "VAKIFBANK",
                "apigw.vakifbank.com.tr",
                "inbound.apigateway.vakifbank.com.tr",
            ),
            (
                "VAKIFBANK",
                "apiportalprep.vakifbank.com.tr",
                "inbound.apigatewaytest.vakifbank.com.tr",
            ),
            (
                "ZIRAATBANK_INNOVA",
                "sanalpos.ziraatbank.com.tr",
                "mpi.ziraatbank.com.tr",
            ),
            (
                "ZIRAATBANK_INNOVA",
                "preprod.payflex.com.tr",
                "preprod.payflex.com.tr",
            ),
            (
                "GARANTI",
                "sanalposprov.garanti.com.tr",
                "sanalposprov.garanti.com.tr",
            ),
        ] {
            let row = row(bank.parse().unwrap()).unwrap();
            assert_eq!(row.page_host(api), page, "{bank}");
        }
    }

    #[test]
    fn an_account_asks_for_each_value_once_and_names_it_in_both_languages() {
        for needs in spoken().filter_map(|row| account(row.integrator)) {
            assert!(!needs.currencies.is_empty());
            for (at, field) in needs.fields.iter().enumerate() {
                let others = &needs.fields[..at];
                assert!(others.iter().all(|other| other.slot != field.slot));
                assert!(!field.label.tr.is_empty() && !field.label.en.is_empty());
                assert!(field.in_sentence.starts_with("The "));
                let is_key = field.slot == Slot::ThreedsKey;
                assert_eq!(field.is_secret, is_key, "{:?}", field.slot);
            }
            for option in needs.options.iter().chain([&AGREED_POINTS]) {
                assert!(!option.choices.is_empty() && !option.offers(""));
                assert!(option.in_sentence.starts_with("The "));
                let texts = option.choices.iter().map(|(_, name)| *name);
                for text in texts.chain([option.label, option.hint]) {
                    assert!(!text.tr.is_empty() && !text.en.is_empty());
                }
            }
            // A sentence goes on from it: "Satış kullanıcısının adı".
            for user in needs.users {
                assert!(user.name.tr.ends_with("kullanıcısı"));
                let words = words_of(user.operation.as_str());
                assert_eq!(words, Some(user.name));
            }
        }
    }
}
