//! The demo merchant's accounts at the simulated banks: what is published of each bank's test system, and what
//! the simulator made up where nothing is (its README marks it).

use contract::card::SensitiveText;
use contract::enums::{
    Currency, PaymentAuthenticationType, PosIntegrator, PosOperationType, PosStatus, PosUserType,
};
use contract::merchant_poses::{CreateMerchantPosRequest, CreateMerchantPosUser};

/// An account, as its bank's papers list it; what the bank does not give is empty.
#[derive(Clone, Copy)]
struct Account {
    name: &'static str,
    integrator: PosIntegrator,
    currency: Currency,
    client_id: &'static str,
    terminal_id: &'static str,
    posnet_id: &'static str,
    threeds_key: &'static str,
    users: &'static [User],
}

/// What an API user may do, its name and its password.
type User = (PosOperationType, &'static str, &'static str);

const NONE: Account = Account {
    name: "",
    integrator: PosIntegrator::Garanti,
    currency: Currency::Try,
    client_id: "",
    terminal_id: "",
    posnet_id: "",
    threeds_key: "",
    users: &[],
};

const GARANTI: Account = Account {
    name: "Garanti BBVA (simülatör)",
    client_id: "7000679",
    terminal_id: "30691298",
    threeds_key: "12345678",
    users: &[
        (PosOperationType::Provaut, "PROVAUT", "123qweASD/"),
        (PosOperationType::Provrfn, "PROVRFN", "123qweASD/"),
    ],
    ..NONE
};

const YAPI_KREDI: Account = Account {
    name: "Yapı Kredi (simülatör)",
    integrator: PosIntegrator::Ykb,
    client_id: "6706598320",
    terminal_id: "67005551",
    posnet_id: "27426",
    threeds_key: "10,10,10,10,10,10,10,10",
    ..NONE
};

/// Akbank's public test key: this text as it stands.
const AKBANK_KEY: &str = "3230323330393034313735303032363031353172675f357637355f3273387373745f7233725f\
                          73323333383737335f323272383774767276327672323531355f";

/// In the order in which they are tried. A bank gives a merchant one POS for each currency.
static ALL: &[Account] = &[
    GARANTI,
    YAPI_KREDI,
    Account {
        name: "Garanti BBVA USD (simülatör)",
        currency: Currency::Usd,
        ..GARANTI
    },
    Account {
        name: "Yapı Kredi EUR (simülatör)",
        currency: Currency::Eur,
        ..YAPI_KREDI
    },
    Account {
        name: "İş Bankası (simülatör)",
        integrator: PosIntegrator::Isbank,
        client_id: "700655000200",
        threeds_key: "TRPS0200",
        users: &[(PosOperationType::Standard, "ISBANKAPI", "ISBANK07")],
        ..NONE
    },
    Account {
        name: "Ziraat Bankası (simülatör)",
        integrator: PosIntegrator::Ziraatbank,
        client_id: "190100000",
        threeds_key: "123456",
        users: &[(PosOperationType::Standard, "ZIRAATAPI", "ZIRAAT19")],
        ..NONE
    },
    Account {
        name: "Halkbank (simülatör)",
        integrator: PosIntegrator::Halkbank,
        client_id: "120100000",
        threeds_key: "TRPS0012",
        users: &[(PosOperationType::Standard, "HALKBANKAPI", "HALK0012")],
        ..NONE
    },
    Account {
        name: "TEB (simülatör)",
        integrator: PosIntegrator::Teb,
        client_id: "320100000",
        threeds_key: "TRPS0032",
        users: &[(PosOperationType::Standard, "TEBAPI", "TEB00032")],
        ..NONE
    },
    Account {
        name: "ING (simülatör)",
        integrator: PosIntegrator::Ingbank,
        client_id: "990100000",
        threeds_key: "TRPS0099",
        users: &[(PosOperationType::Standard, "INGBANKAPI", "INGB0099")],
        ..NONE
    },
    Account {
        name: "QNB (simülatör)",
        integrator: PosIntegrator::Finansbank,
        client_id: "085300000009704",
        threeds_key: "12345678",
        users: &[(
            PosOperationType::Standard,
            "QNB_API_KULLANICI_3DPAY",
            "UcBN0",
        )],
        ..NONE
    },
    Account {
        name: "Akbank (simülatör)",
        integrator: PosIntegrator::AkbankVpos,
        client_id: "2023090417500272654BD9A49CF07574",
        terminal_id: "2023090417500284633D137A249DBBEB",
        threeds_key: AKBANK_KEY,
        ..NONE
    },
    Account {
        name: "VakıfBank (simülatör)",
        integrator: PosIntegrator::Vakifbank,
        client_id: "000000000007955",
        terminal_id: "VP000123",
        users: &[(PosOperationType::Standard, "API", "123Ab456")],
        ..NONE
    },
    Account {
        name: "Kuveyt Türk (simülatör)",
        integrator: PosIntegrator::Kuveytturk,
        client_id: "496",
        terminal_id: "400235",
        users: &[(PosOperationType::Standard, "apitest", "api123")],
        ..NONE
    },
    Account {
        name: "Vakıf Katılım (simülatör)",
        integrator: PosIntegrator::Vakifkatilim,
        client_id: "1",
        terminal_id: "222222",
        users: &[(PosOperationType::Standard, "apiuser", "VKAT0210")],
        ..NONE
    },
    Account {
        name: "DenizBank (simülatör)",
        integrator: PosIntegrator::Denizbank,
        client_id: "3123",
        threeds_key: "gDg1N",
        users: &[(PosOperationType::Standard, "InterTestApi", "3")],
        ..NONE
    },
    Account {
        name: "Param (simülatör)",
        integrator: PosIntegrator::ParamPos,
        client_id: "10738",
        threeds_key: "0c13d406-873b-403b-9c09-a5766840d98c",
        users: &[(PosOperationType::Standard, "Test", "Test")],
        ..NONE
    },
];

/// The accounts as requests for POSes, open to everything that a POS can be open to.
pub(crate) fn all() -> impl Iterator<Item = CreateMerchantPosRequest> {
    (1..)
        .zip(ALL)
        .map(|(place, account)| request(place, account))
}

fn request(place: i32, account: &Account) -> CreateMerchantPosRequest {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let users = account
        .users
        .iter()
        .map(|(operation, name, password)| CreateMerchantPosUser {
            pos_username: given(name),
            pos_password: given(password).map(SensitiveText::new),
            pos_user_type: Some(PosUserType::Api),
            pos_operation_type: Some(*operation),
        });
    CreateMerchantPosRequest {
        status: Some(PosStatus::Autopilot),
        name: given(account.name),
        currency: Some(account.currency),
        client_id: given(account.client_id),
        terminal_id: given(account.terminal_id),
        posnet_id: given(account.posnet_id),
        threeds_key: given(account.threeds_key).map(SensitiveText::new),
        merchant_pos_users: Some(users.collect()),
        enable_foreign_card: Some(true),
        enable_installment: Some(true),
        enable_payment_without_cvc: Some(true),
        enable_loyalty: Some(true),
        new_integration: Some(true),
        order_number: Some(place),
        pos_integrator: Some(account.integrator),
        enabled_payment_authentication_types: Some(vec![
            PaymentAuthenticationType::NonThreeDs,
            PaymentAuthenticationType::ThreeDs,
        ]),
        ..CreateMerchantPosRequest::default()
    }
}
