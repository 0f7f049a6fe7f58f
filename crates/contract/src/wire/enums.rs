// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! Enums of the wire, spelled as the official clients spell them (the union of all clients).

use crate::wire_enum::wire_enum;

wire_enum! {
    /// `AccountOwner` of the public contract.
    AccountOwner {
        Merchant = "MERCHANT",
        SubMerchantMember = "SUB_MERCHANT_MEMBER",
    }
}

wire_enum! {
    /// `AdditionalAction` of the public contract.
    AdditionalAction {
        RedirectToUrl = "REDIRECT_TO_URL",
        ContinueInClient = "CONTINUE_IN_CLIENT",
        ShowHtmlContent = "SHOW_HTML_CONTENT",
        None = "NONE",
    }
}

wire_enum! {
    /// `ApmAdditionalAction` of the public contract.
    ApmAdditionalAction {
        RedirectToUrl = "REDIRECT_TO_URL",
        OtpRequired = "OTP_REQUIRED",
        ShowHtmlContent = "SHOW_HTML_CONTENT",
        WaitForWebhook = "WAIT_FOR_WEBHOOK",
        ApprovalRequired = "APPROVAL_REQUIRED",
        VerifyRequired = "VERIFY_REQUIRED",
        ShowQrCode = "SHOW_QR_CODE",
        None = "NONE",
    }
}

wire_enum! {
    /// `ApmType` of the public contract.
    ApmType {
        Alipay = "ALIPAY",
        Afterpay = "AFTERPAY",
        Chippin = "CHIPPIN",
        Kaspi = "KASPI",
        Klarna = "KLARNA",
        Ispay = "ISPAY",
        Iwallet = "IWALLET",
        Papara = "PAPARA",
        Papel = "PAPEL",
        Paycell = "PAYCELL",
        Paymob = "PAYMOB",
        Payoneer = "PAYONEER",
        Paypal = "PAYPAL",
        Stripe = "STRIPE",
        Tompay = "TOMPAY",
        Applepay = "APPLEPAY",
        Googlepay = "GOOGLEPAY",
        CashOnDelivery = "CASH_ON_DELIVERY",
        FundTransfer = "FUND_TRANSFER",
        InstantTransfer = "INSTANT_TRANSFER",
        Bizum = "BIZUM",
        PaylandsMbWay = "PAYLANDS_MB_WAY",
        Edenred = "EDENRED",
        EdenredGift = "EDENRED_GIFT",
        Metropol = "METROPOL",
        Multinet = "MULTINET",
        MultinetGift = "MULTINET_GIFT",
        MultinetNeoGift = "MULTINET_NEO_GIFT",
        Sodexo = "SODEXO",
        SodexoGift = "SODEXO_GIFT",
        Setcard = "SETCARD",
        Tokenflex = "TOKENFLEX",
        TokenflexGift = "TOKENFLEX_GIFT",
        Alfabank = "ALFABANK",
        Dkb = "DKB",
        Maslak = "MASLAK",
        Haso = "HASO",
        PaycellDcb = "PAYCELL_DCB",
        TomFinance = "TOM_FINANCE",
        VodafoneDcb = "VODAFONE_DCB",
        Albaraka = "ALBARAKA",
        Zip = "ZIP",
        SetcardGift = "SETCARD_GIFT",
    }
}

wire_enum! {
    /// `ApprovalStatus` of the public contract.
    ApprovalStatus {
        Success = "SUCCESS",
        Failure = "FAILURE",
    }
}

wire_enum! {
    /// `BankAccountTrackingSource` of the public contract.
    BankAccountTrackingSource {
        Ykb = "YKB",
        Garanti = "GARANTI",
    }
}

wire_enum! {
    /// `BnplCartItemType` of the public contract.
    BnplCartItemType {
        MobilePhonePriceAboveRegulationLimit = "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT",
        MobilePhonePriceBelowRegulationLimit = "MOBILE_PHONE_PRICE_BELOW_REGULATION_LIMIT",
        Tablet = "TABLET",
        Computer = "COMPUTER",
        TabletWithCampaign = "TABLET_WITH_CAMPAIGN",
        ConstructionMarket = "CONSTRUCTION_MARKET",
        Gold = "GOLD",
        DigitalProducts = "DIGITAL_PRODUCTS",
        Supermarket = "SUPERMARKET",
        WhiteGoods = "WHITE_GOODS",
        WearableTechnology = "WEARABLE_TECHNOLOGY",
        SmallHomeAppliances = "SMALL_HOME_APPLIANCES",
        Tv = "TV",
        GamesConsoles = "GAMES_CONSOLES",
        AirConditionerAndHeater = "AIR_CONDITIONER_AND_HEATER",
        Electronics = "ELECTRONICS",
        Accessories = "ACCESSORIES",
        MomAndBabyAndKids = "MOM_AND_BABY_AND_KIDS",
        Shoes = "SHOES",
        Clothing = "CLOTHING",
        CosmeticsAndPersonalCare = "COSMETICS_AND_PERSONAL_CARE",
        Furniture = "FURNITURE",
        HomeLiving = "HOME_LIVING",
        AutomobileMotorcycle = "AUTOMOBILE_MOTORCYCLE",
        MobilePhoneRefurbished = "MOBILE_PHONE_REFURBISHED",
        Other = "OTHER",
    }
}

wire_enum! {
    /// `BounceStatus` of the public contract.
    BounceStatus {
        NotBounced = "NOT_BOUNCED",
        Bounced = "BOUNCED",
        Updated = "UPDATED",
        PayoutStarted = "PAYOUT_STARTED",
        PayoutCompleted = "PAYOUT_COMPLETED",
    }
}

wire_enum! {
    /// `CardAssociation` of the public contract.
    CardAssociation {
        Visa = "VISA",
        MasterCard = "MASTER_CARD",
        Amex = "AMEX",
        Troy = "TROY",
        Jcb = "JCB",
        UnionPay = "UNION_PAY",
        Maestro = "MAESTRO",
        Discover = "DISCOVER",
        DinersClub = "DINERS_CLUB",
    }
}

wire_enum! {
    /// `CardBrand` of the public contract.
    CardBrand {
        Bonus = "Bonus",
        Axess = "Axess",
        Maximum = "Maximum",
        World = "World",
        Paraf = "Paraf",
        Cardfinans = "CardFinans",
        BankkartCombo = "Bankkart Combo",
        Advantage = "Advantage",
        SaLamKart = "Sağlam Kart",
    }
}

wire_enum! {
    /// `CardExpiryStatus` of the public contract.
    CardExpiryStatus {
        Expired = "EXPIRED",
        WillExpireNextMonth = "WILL_EXPIRE_NEXT_MONTH",
        NotExpired = "NOT_EXPIRED",
    }
}

wire_enum! {
    /// `CardProvider` of the public contract.
    CardProvider {
        Iyzico = "IYZICO",
        Ipara = "IPARA",
        BirlesikOdeme = "BIRLESIK_ODEME",
        Mex = "MEX",
    }
}

wire_enum! {
    /// `CardType` of the public contract.
    CardType {
        CreditCard = "CREDIT_CARD",
        DebitCard = "DEBIT_CARD",
        PrepaidCard = "PREPAID_CARD",
    }
}

wire_enum! {
    /// `CardVerificationAuthType` of the public contract.
    CardVerificationAuthType {
        NonThreeDs = "NON_THREE_DS",
        ThreeDs = "THREE_DS",
        None = "NONE",
    }
}

wire_enum! {
    /// `CardVerifyStatus` of the public contract.
    CardVerifyStatus {
        Success = "SUCCESS",
        Failure = "FAILURE",
        ThreeDsPending = "THREE_DS_PENDING",
    }
}

wire_enum! {
    /// `ClientType` of the public contract.
    ClientType {
        M = "M",
        W = "W",
    }
}

wire_enum! {
    /// `Currency` of the public contract.
    Currency {
        Try = "TRY",
        Usd = "USD",
        Eur = "EUR",
        Gbp = "GBP",
        Ars = "ARS",
        Brl = "BRL",
        Cny = "CNY",
        Aed = "AED",
        Iqd = "IQD",
        Azn = "AZN",
        Kzt = "KZT",
        Kwd = "KWD",
        Sar = "SAR",
        Bhd = "BHD",
        Rub = "RUB",
        Jpy = "JPY",
        Egp = "EGP",
        Mxn = "MXN",
        Ron = "RON",
    }
}

wire_enum! {
    /// `FileStatus` of the public contract.
    FileStatus {
        Created = "CREATED",
        Uploaded = "UPLOADED",
        Approved = "APPROVED",
    }
}

wire_enum! {
    /// `FraudAction` of the public contract.
    FraudAction {
        Block = "BLOCK",
        Review = "REVIEW",
    }
}

wire_enum! {
    /// `FraudCheckStatus` of the public contract.
    FraudCheckStatus {
        Waiting = "WAITING",
        NotFraud = "NOT_FRAUD",
        Fraud = "FRAUD",
    }
}

wire_enum! {
    /// `FraudOperation` of the public contract.
    FraudOperation {
        Payment = "PAYMENT",
        Loyalty = "LOYALTY",
    }
}

wire_enum! {
    /// `FraudRuleScope` of the public contract.
    FraudRuleScope {
        Merchant = "MERCHANT",
        Global = "GLOBAL",
    }
}

wire_enum! {
    /// `FraudValueType` of the public contract.
    FraudValueType {
        Card = "CARD",
        Ip = "IP",
        PhoneNumber = "PHONE_NUMBER",
        Email = "EMAIL",
        Other = "OTHER",
    }
}

wire_enum! {
    /// `LoyaltyType` of the public contract.
    LoyaltyType {
        RewardMoney = "REWARD_MONEY",
        AdditionalInstallment = "ADDITIONAL_INSTALLMENT",
        PostponingInstallment = "POSTPONING_INSTALLMENT",
        ExtraPoints = "EXTRA_POINTS",
        GainingMinutes = "GAINING_MINUTES",
        PostponingStatement = "POSTPONING_STATEMENT",
        PostponingPayment = "POSTPONING_PAYMENT",
    }
}

wire_enum! {
    /// `LoyaltyUnitType` of the public contract.
    LoyaltyUnitType {
        Month = "MONTH",
        Day = "DAY",
    }
}

wire_enum! {
    /// `MasterpassValidationType` of the public contract.
    MasterpassValidationType {
        None = "NONE",
        Otp = "OTP",
        ThreeDs = "THREE_DS",
    }
}

wire_enum! {
    /// `MemberType` of the public contract.
    MemberType {
        Personal = "PERSONAL",
        PrivateCompany = "PRIVATE_COMPANY",
        LimitedOrJointStockCompany = "LIMITED_OR_JOINT_STOCK_COMPANY",
    }
}

wire_enum! {
    /// `MerchantType` of the public contract.
    MerchantType {
        Merchant = "MERCHANT",
        SubMerchantMember = "SUB_MERCHANT_MEMBER",
    }
}

wire_enum! {
    /// `MultiPaymentStatus` of the public contract.
    MultiPaymentStatus {
        Completed = "COMPLETED",
        Created = "CREATED",
    }
}

wire_enum! {
    /// `OrderingRule` of the public contract.
    OrderingRule {
        OnUs = "ON_US",
        LowCommissionRate = "LOW_COMMISSION_RATE",
        InOrder = "IN_ORDER",
    }
}

wire_enum! {
    /// `PaymentAuthenticationType` of the public contract.
    PaymentAuthenticationType {
        ThreeDs = "THREE_DS",
        NonThreeDs = "NON_THREE_DS",
        BkmExpress = "BKM_EXPRESS",
        ThreeDsFallbackToNonThreeDs = "THREE_DS_FALLBACK_TO_NON_THREE_DS",
        Googlepay = "GOOGLEPAY",
        Applepay = "APPLEPAY",
        YkbWorldPay = "YKB_WORLD_PAY",
        YkbWorldPayShoppingLoan = "YKB_WORLD_PAY_SHOPPING_LOAN",
        GarantiPay = "GARANTI_PAY",
        Juzdan = "JUZDAN",
    }
}

wire_enum! {
    /// `PaymentGroup` of the public contract.
    PaymentGroup {
        Product = "PRODUCT",
        ListingOrSubscription = "LISTING_OR_SUBSCRIPTION",
    }
}

wire_enum! {
    /// `PaymentMethod` of the public contract.
    PaymentMethod {
        Card = "CARD",
        Masterpass = "MASTERPASS",
        Papara = "PAPARA",
        Payoneer = "PAYONEER",
        Sodexo = "SODEXO",
        SodexoGift = "SODEXO_GIFT",
        Edenred = "EDENRED",
        EdenredGift = "EDENRED_GIFT",
        Tokenflex = "TOKENFLEX",
        TokenflexGift = "TOKENFLEX_GIFT",
        Alipay = "ALIPAY",
        Paypal = "PAYPAL",
        Klarna = "KLARNA",
        Afterpay = "AFTERPAY",
        InstantTransfer = "INSTANT_TRANSFER",
        Stripe = "STRIPE",
        Hepsipay = "HEPSIPAY",
        GarantiPay = "GARANTI_PAY",
        Juzdan = "JUZDAN",
        YkbWorldPay = "YKB_WORLD_PAY",
        YkbWorldPayShoppingLoan = "YKB_WORLD_PAY_SHOPPING_LOAN",
        Multinet = "MULTINET",
        MultinetGift = "MULTINET_GIFT",
        MultinetNeoGift = "MULTINET_NEO_GIFT",
        Metropol = "METROPOL",
        Ispay = "ISPAY",
        Paymob = "PAYMOB",
        VodafoneDcb = "VODAFONE_DCB",
        Kaspi = "KASPI",
        Bizum = "BIZUM",
        PaylandsMbWay = "PAYLANDS_MB_WAY",
        Zip = "ZIP",
        Dkb = "DKB",
        PaycellDcb = "PAYCELL_DCB",
        Setcard = "SETCARD",
        Iwallet = "IWALLET",
        Papel = "PAPEL",
        BkmExpress = "BKM_EXPRESS",
        SetcardGift = "SETCARD_GIFT",
    }
}

wire_enum! {
    /// `PaymentPhase` of the public contract.
    PaymentPhase {
        Auth = "AUTH",
        PreAuth = "PRE_AUTH",
        PostAuth = "POST_AUTH",
    }
}

wire_enum! {
    /// `PaymentProvider` of the public contract.
    PaymentProvider {
        Bank = "BANK",
        CgWallet = "CG_WALLET",
        Masterpass = "MASTERPASS",
        GarantiPay = "GARANTI_PAY",
        YkbWorldPay = "YKB_WORLD_PAY",
        YkbWorldPayShoppingLoan = "YKB_WORLD_PAY_SHOPPING_LOAN",
        Papara = "PAPARA",
        Payoneer = "PAYONEER",
        Sodexo = "SODEXO",
        Edenred = "EDENRED",
        Tokenflex = "TOKENFLEX",
        Metropol = "METROPOL",
        Iwallet = "IWALLET",
        Alipay = "ALIPAY",
        Paypal = "PAYPAL",
        Klarna = "KLARNA",
        Afterpay = "AFTERPAY",
        Applepay = "APPLEPAY",
        Googlepay = "GOOGLEPAY",
        Hepsipay = "HEPSIPAY",
        Stripe = "STRIPE",
        Kaspi = "KASPI",
        InstantTransfer = "INSTANT_TRANSFER",
        Maslak = "MASLAK",
        Tompay = "TOMPAY",
        TomFinance = "TOM_FINANCE",
        Alfabank = "ALFABANK",
        Zip = "ZIP",
        Dkb = "DKB",
        Haso = "HASO",
        Paycell = "PAYCELL",
        Multinet = "MULTINET",
        Chippin = "CHIPPIN",
        Ispay = "ISPAY",
        Paymob = "PAYMOB",
        Vodafone = "VODAFONE",
        Bizum = "BIZUM",
        PaylandsMbWay = "PAYLANDS_MB_WAY",
        Setcard = "SETCARD",
        Papel = "PAPEL",
        Albaraka = "ALBARAKA",
        BkmExpress = "BKM_EXPRESS",
        Offline = "OFFLINE",
        PaycellDcb = "PAYCELL_DCB",
    }
}

wire_enum! {
    /// `PaymentRefundStatus` of the public contract.
    PaymentRefundStatus {
        NoRefund = "NO_REFUND",
        NotRefunded = "NOT_REFUNDED",
        PartialRefunded = "PARTIAL_REFUNDED",
        FullyRefunded = "FULLY_REFUNDED",
    }
}

wire_enum! {
    /// `PaymentSource` of the public contract.
    PaymentSource {
        Api = "API",
        CheckoutForm = "CHECKOUT_FORM",
        PayByLink = "PAY_BY_LINK",
        Juzdan = "JUZDAN",
        Hepsipay = "HEPSIPAY",
        Mono = "MONO",
    }
}

wire_enum! {
    /// `PaymentStatus` of the public contract.
    PaymentStatus {
        Failure = "FAILURE",
        Success = "SUCCESS",
        InitThreeds = "INIT_THREEDS",
        CallbackThreeds = "CALLBACK_THREEDS",
        Waiting = "WAITING",
    }
}

wire_enum! {
    /// `PaymentType` of the public contract.
    PaymentType {
        CardPayment = "CARD_PAYMENT",
        WalletPayment = "WALLET_PAYMENT",
        CardAndWalletPayment = "CARD_AND_WALLET_PAYMENT",
        DepositPayment = "DEPOSIT_PAYMENT",
        HepsipayDepositPayment = "HEPSIPAY_DEPOSIT_PAYMENT",
        Apm = "APM",
    }
}

wire_enum! {
    /// `PayoutAccountType` of the public contract.
    PayoutAccountType {
        Wise = "WISE",
    }
}

wire_enum! {
    /// `PosApmPaymentProvider` of the public contract.
    PosApmPaymentProvider {
        YkbWorldPay = "YKB_WORLD_PAY",
        YkbWorldPayShoppingLoan = "YKB_WORLD_PAY_SHOPPING_LOAN",
        Googlepay = "GOOGLEPAY",
        GarantiPay = "GARANTI_PAY",
    }
}

wire_enum! {
    /// `PosIntegrator` of the public contract.
    PosIntegrator {
        Adyen = "ADYEN",
        Akbank = "AKBANK",
        AkbankVpos = "AKBANK_VPOS",
        Algoritma = "ALGORITMA",
        Anadolubank = "ANADOLUBANK",
        BirlesikOdeme = "BIRLESIK_ODEME",
        Braintree = "BRAINTREE",
        Checkout = "CHECKOUT",
        Denizbank = "DENIZBANK",
        Elekse = "ELEKSE",
        Fibabank = "FIBABANK",
        FibabankAsseco = "FIBABANK_ASSECO",
        Finansbank = "FINANSBANK",
        Finanskatilim = "FINANSKATILIM",
        Garanti = "GARANTI",
        Halkbank = "HALKBANK",
        HalkbankVpos = "HALKBANK_VPOS",
        Halkode = "HALKODE",
        Halykbank = "HALYKBANK",
        Ingbank = "INGBANK",
        Isbank = "ISBANK",
        IsbankVpos = "ISBANK_VPOS",
        Iyzico = "IYZICO",
        Kuveytturk = "KUVEYTTURK",
        Moka = "MOKA",
        Moneypay = "MONEYPAY",
        Nkolay = "NKOLAY",
        Nuvei = "NUVEI",
        Papel = "PAPEL",
        ParamPos = "PARAM_POS",
        Paybyme = "PAYBYME",
        Paycell = "PAYCELL",
        Paylands = "PAYLANDS",
        Paymob = "PAYMOB",
        Paynet = "PAYNET",
        Paytabs = "PAYTABS",
        Paytr = "PAYTR",
        QnbPay = "QNB_PAY",
        Redsys = "REDSYS",
        Rubik = "RUBIK",
        Sipay = "SIPAY",
        Stripe = "STRIPE",
        Tami = "TAMI",
        Tap = "TAP",
        Teb = "TEB",
        Trpos = "TRPOS",
        Turkonay = "TURKONAY",
        Vakifbank = "VAKIFBANK",
        Vakifkatilim = "VAKIFKATILIM",
        Worldpay = "WORLDPAY",
        Ykb = "YKB",
        Ziraatbank = "ZIRAATBANK",
        ZiraatbankInnova = "ZIRAATBANK_INNOVA",
        Ziraatkatilim = "ZIRAATKATILIM",
        Ipara = "IPARA",
        Ozan = "OZAN",
        Paybull = "PAYBULL",
        BinPay = "BIN_PAY",
        Enpara = "ENPARA",
    }
}

wire_enum! {
    /// `PosOperationType` of the public contract.
    PosOperationType {
        Standard = "STANDARD",
        Provaut = "PROVAUT",
        Provrfn = "PROVRFN",
        Payment = "PAYMENT",
        Refund = "REFUND",
        Inquiry = "INQUIRY",
    }
}

wire_enum! {
    /// `PosStatus` of the public contract.
    PosStatus {
        Deleted = "DELETED",
        Passive = "PASSIVE",
        Active = "ACTIVE",
        RefundOnly = "REFUND_ONLY",
        Autopilot = "AUTOPILOT",
    }
}

wire_enum! {
    /// `PosUserType` of the public contract.
    PosUserType {
        Api = "API",
    }
}

wire_enum! {
    /// `RecordType` of the public contract.
    RecordType {
        Send = "SEND",
        Receive = "RECEIVE",
    }
}

wire_enum! {
    /// `RefundDestinationType` of the public contract.
    RefundDestinationType {
        Card = "CARD",
        Provider = "PROVIDER",
        Wallet = "WALLET",
    }
}

wire_enum! {
    /// `RefundStatus` of the public contract.
    RefundStatus {
        Success = "SUCCESS",
        Failure = "FAILURE",
        Waiting = "WAITING",
    }
}

wire_enum! {
    /// `RefundType` of the public contract.
    RefundType {
        Cancel = "CANCEL",
        Refund = "REFUND",
    }
}

wire_enum! {
    /// `RemittanceReasonType` of the public contract.
    RemittanceReasonType {
        SubmerchantSendReceive = "SUBMERCHANT_SEND_RECEIVE",
        RedeemOnlyLoyalty = "REDEEM_ONLY_LOYALTY",
    }
}

wire_enum! {
    /// `RemittanceType` of the public contract.
    RemittanceType {
        Send = "SEND",
        Receive = "RECEIVE",
    }
}

wire_enum! {
    /// `ReportFileType` of the public contract.
    ReportFileType {
        Csv = "CSV",
        Xlsx = "XLSX",
    }
}

wire_enum! {
    /// `ReportPeriod` of the public contract.
    ReportPeriod {
        Instant = "INSTANT",
    }
}

wire_enum! {
    /// `ReportType` of the public contract.
    ReportType {
        Transaction = "TRANSACTION",
        Payment = "PAYMENT",
    }
}

wire_enum! {
    /// `SettlementEarningsDestination` of the public contract.
    SettlementEarningsDestination {
        Iban = "IBAN",
        Wallet = "WALLET",
        CrossBorder = "CROSS_BORDER",
        None = "NONE",
    }
}

wire_enum! {
    /// `SettlementResultStatus` of the public contract.
    SettlementResultStatus {
        Success = "SUCCESS",
        Failure = "FAILURE",
        NoRecordFound = "NO_RECORD_FOUND",
    }
}

wire_enum! {
    /// `SettlementSource` of the public contract.
    SettlementSource {
        Collection = "COLLECTION",
        Withdraw = "WITHDRAW",
        Bounced = "BOUNCED",
    }
}

wire_enum! {
    /// `SettlementType` of the public contract.
    SettlementType {
        Settlement = "SETTLEMENT",
        BouncedSettlement = "BOUNCED_SETTLEMENT",
        Withdraw = "WITHDRAW",
    }
}

wire_enum! {
    /// `Status` of the public contract.
    Status {
        Passive = "PASSIVE",
        Active = "ACTIVE",
    }
}

wire_enum! {
    /// `TokenizedCardType` of the public contract.
    TokenizedCardType {
        ApplePay = "APPLE_PAY",
        BkmExpress = "BKM_EXPRESS",
    }
}

wire_enum! {
    /// `TransactionPayoutStatus` of the public contract.
    TransactionPayoutStatus {
        Cancelled = "CANCELLED",
        NoPayout = "NO_PAYOUT",
        WaitingForPayout = "WAITING_FOR_PAYOUT",
        PayoutStarted = "PAYOUT_STARTED",
        PayoutCompleted = "PAYOUT_COMPLETED",
    }
}

wire_enum! {
    /// `TransactionStatus` of the public contract.
    TransactionStatus {
        WaitingForApproval = "WAITING_FOR_APPROVAL",
        Approved = "APPROVED",
        PayoutStarted = "PAYOUT_STARTED",
    }
}

wire_enum! {
    /// `WalletTransactionRefundCardTransactionType` of the public contract.
    WalletTransactionRefundCardTransactionType {
        Payment = "PAYMENT",
        PaymentTx = "PAYMENT_TX",
        WalletTx = "WALLET_TX",
    }
}

wire_enum! {
    /// `WalletTransactionType` of the public contract.
    WalletTransactionType {
        PaymentRedeem = "PAYMENT_REDEEM",
        RefundDeposit = "REFUND_DEPOSIT",
        RefundTxDeposit = "REFUND_TX_DEPOSIT",
        Withdraw = "WITHDRAW",
        CancelRefundWalletToCard = "CANCEL_REFUND_WALLET_TO_CARD",
        RefundWalletTxToCard = "REFUND_WALLET_TX_TO_CARD",
        RefundWalletTxFundTransfer = "REFUND_WALLET_TX_FUND_TRANSFER",
        CancelRefundToWallet = "CANCEL_REFUND_TO_WALLET",
        RefundTxToWallet = "REFUND_TX_TO_WALLET",
        ManualRefundTxToWallet = "MANUAL_REFUND_TX_TO_WALLET",
        SettlementEarnings = "SETTLEMENT_EARNINGS",
        DepositFromCard = "DEPOSIT_FROM_CARD",
        DepositFromApm = "DEPOSIT_FROM_APM",
        DepositFromFundTransfer = "DEPOSIT_FROM_FUND_TRANSFER",
        Remittance = "REMITTANCE",
        Loyalty = "LOYALTY",
        WithdrawCancel = "WITHDRAW_CANCEL",
        MerchantBalanceReset = "MERCHANT_BALANCE_RESET",
    }
}

wire_enum! {
    /// `WebhookEventType` of the public contract.
    WebhookEventType {
        ApiAuth = "API_AUTH",
        ApiVerifyAndAuth = "API_VERIFY_AND_AUTH",
        CheckoutformAuth = "CHECKOUTFORM_AUTH",
        ThreedsVerify = "THREEDS_VERIFY",
        Refund = "REFUND",
        RefundTx = "REFUND_TX",
        PayoutCompleted = "PAYOUT_COMPLETED",
        Autopilot = "AUTOPILOT",
        WalletCreated = "WALLET_CREATED",
        WalletTxCreated = "WALLET_TX_CREATED",
        BnplNotification = "BNPL_NOTIFICATION",
        BankAccountTrackingRecord = "BANK_ACCOUNT_TRACKING_RECORD",
        BkmExpressPaymentNotification = "BKM_EXPRESS_PAYMENT_NOTIFICATION",
        MultiPaymentCompleted = "MULTI_PAYMENT_COMPLETED",
        MultiPaymentExpired = "MULTI_PAYMENT_EXPIRED",
        ReportGenerated = "REPORT_GENERATED",
    }
}

wire_enum! {
    /// `WebhookStatus` of the public contract.
    WebhookStatus {
        Success = "SUCCESS",
        Failure = "FAILURE",
    }
}

wire_enum! {
    /// `responseStatus` of the older verify call.
    BnplVerifyStatus {
        Approved = "APPROVED",
        Declined = "DECLINED",
        Waiting = "WAITING",
    }
}

wire_enum! {
    /// `errorGroup`: why a bank, a lender or a rule refused a payment. Merchants key on it.
    ErrorGroup {
        AmexCanUseOnlyMr = "AMEX_CAN_USE_ONLY_MR",
        ApmError = "APM_ERROR",
        ApmAccountNotFound = "APM_ACCOUNT_NOT_FOUND",
        ApmAccountPermissionDenied = "APM_ACCOUNT_PERMISSION_DENIED",
        ApmInvalidVerificationCode = "APM_INVALID_VERIFICATION_CODE",
        ApmVerificationCodeError = "APM_VERIFICATION_CODE_ERROR",
        ApmValidationError = "APM_VALIDATION_ERROR",
        ApmVposError = "APM_VPOS_ERROR",
        ApprovedCompleted = "APPROVED_COMPLETED",
        ArchivedPayment = "ARCHIVED_PAYMENT",
        BinNotFound = "BIN_NOT_FOUND",
        BlockedCard = "BLOCKED_CARD",
        BnplCancelled = "BNPL_CANCELLED",
        CardNotPermitted = "CARD_NOT_PERMITTED",
        CommunicationOrSystemError = "COMMUNICATION_OR_SYSTEM_ERROR",
        Cvc2MaxAttempt = "CVC2_MAX_ATTEMPT",
        CvcRequired = "CVC_REQUIRED",
        DebitCardsInstallmentNotAllowed = "DEBIT_CARDS_INSTALLMENT_NOT_ALLOWED",
        DebitCardsRequires3ds = "DEBIT_CARDS_REQUIRES_3DS",
        Declined = "DECLINED",
        DoNotHonour = "DO_NOT_HONOUR",
        ExceedsAllowablePinTries = "EXCEEDS_ALLOWABLE_PIN_TRIES",
        ExceedsWithdrawalAmountLimit = "EXCEEDS_WITHDRAWAL_AMOUNT_LIMIT",
        ExpiredCard = "EXPIRED_CARD",
        ExpiredProvision = "EXPIRED_PROVISION",
        FraudCheckBlock = "FRAUD_CHECK_BLOCK",
        FraudSuspect = "FRAUD_SUSPECT",
        InputData = "INPUT_DATA",
        InvalidAmount = "INVALID_AMOUNT",
        InvalidCardNumber = "INVALID_CARD_NUMBER",
        InvalidCardType = "INVALID_CARD_TYPE",
        InvalidCavv = "INVALID_CAVV",
        InvalidCharsInEmail = "INVALID_CHARS_IN_EMAIL",
        InvalidCvc2 = "INVALID_CVC2",
        InvalidCvc2Length = "INVALID_CVC2_LENGTH",
        InvalidEci = "INVALID_ECI",
        InvalidExpireYearMonth = "INVALID_EXPIRE_YEAR_MONTH",
        InvalidIp = "INVALID_IP",
        InvalidMerchantOrSp = "INVALID_MERCHANT_OR_SP",
        InvalidPin = "INVALID_PIN",
        InvalidRefundTransaction = "INVALID_REFUND_TRANSACTION",
        InvalidTransaction = "INVALID_TRANSACTION",
        IssuerOrSwitchInoperative = "ISSUER_OR_SWITCH_INOPERATIVE",
        LostCard = "LOST_CARD",
        MayHaveAlreadyRefunded = "MAY_HAVE_ALREADY_REFUNDED",
        NonRefundablePayment = "NON_REFUNDABLE_PAYMENT",
        NoResponse = "NO_RESPONSE",
        NoSuchIssuer = "NO_SUCH_ISSUER",
        NotPermittedToCardholder = "NOT_PERMITTED_TO_CARDHOLDER",
        NotPermittedToForeignCard = "NOT_PERMITTED_TO_FOREIGN_CARD",
        NotPermittedToInstallment = "NOT_PERMITTED_TO_INSTALLMENT",
        NotPermittedToTerminal = "NOT_PERMITTED_TO_TERMINAL",
        NotSufficientAward = "NOT_SUFFICIENT_AWARD",
        NotSufficientFunds = "NOT_SUFFICIENT_FUNDS",
        OrderIdAlreadyUsed = "ORDER_ID_ALREADY_USED",
        PaymentNotFoundForRefund = "PAYMENT_NOT_FOUND_FOR_REFUND",
        PickupCard = "PICKUP_CARD",
        PosBalanceNotSufficient = "POS_BALANCE_NOT_SUFFICIENT",
        ReferToCardIssuer = "REFER_TO_CARD_ISSUER",
        RefundDecline = "REFUND_DECLINE",
        RequestBlockedByBank = "REQUEST_BLOCKED_BY_BANK",
        RequestTimeout = "REQUEST_TIMEOUT",
        Requires3ds = "REQUIRES_3DS",
        RequiresDayEnd = "REQUIRES_DAY_END",
        RestrictedByLaw = "RESTRICTED_BY_LAW",
        RestrictedCard = "RESTRICTED_CARD",
        SalesAmountLessThanAward = "SALES_AMOUNT_LESS_THAN_AWARD",
        StolenCard = "STOLEN_CARD",
        ThreedsInitError = "THREEDS_INIT_ERROR",
        TooManyRequests = "TOO_MANY_REQUESTS",
        Unknown = "UNKNOWN",
    }
}
