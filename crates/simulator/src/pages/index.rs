//! The simulator's first page: what is here, and where.

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use minijinja::value::Serde;

use super::language::Language;
use super::render::{Brand, POLICY, frame, page};
use super::words;

const BRAND: Brand = Brand {
    theme: "plain",
    name: "Galata simulator",
};

const PATHS: &[(&str, &str)] = &[
    (
        "/posnet/PosnetWebService/XML",
        "Yapı Kredi PosNet XML (POST xmldata)",
    ),
    (
        "/posnet/3DSWebService/YKBPaymentService",
        "PosNet 3D Secure page (POST)",
    ),
    ("/garanti/VPServlet", "Garanti GVP (POST XML)"),
    (
        "/garanti/servlet/gt3dengine",
        "Garanti 3D Secure page (POST)",
    ),
    (
        "/nestpay/fim/api",
        "NestPay of nine banks (POST XML, or DATA=)",
    ),
    ("/nestpay/fim/est3Dgate", "NestPay 3D Secure page (POST)"),
    (
        "/akbank/api/v1/payment/virtualpos/transaction/process",
        "Akbank JSON (signed)",
    ),
    (
        "/akbank/api/v1/payment/virtualpos/portal/report/transaction",
        "Akbank JSON: a day's transactions (signed)",
    ),
    ("/akbank/securepay", "Akbank JSON 3D Secure page (POST)"),
    (
        "/param/turkpos.ws/service_turkpos_prod.asmx",
        "Param TurkPos (POST SOAP)",
    ),
    (
        "/payfor/Gateway/XMLGate.aspx",
        "PayFor of QNB and Ziraat Katılım (POST XML)",
    ),
    (
        "/payfor/Gateway/Default.aspx",
        "PayFor 3D Secure page (POST)",
    ),
    (
        "/kuveyt/boa.virtualpos.services/Home/",
        "Kuveyt Türk (POST XML; SOAP below /kuveyt/BOA…)",
    ),
    (
        "/vakif_katilim/VirtualPOS.Gateway/Home/",
        "Vakıf Katılım (POST XML)",
    ),
    (
        "/payflex/virtualPos/Vposreq",
        "PayFlex V4 of Vakıfbank and Ziraat (POST XML, or prmstr=)",
    ),
    ("/payflex/virtualPos/Search", "PayFlex search (POST)"),
    (
        "/payflex/threeDGateway/Enrollment",
        "PayFlex 3D Secure enrolment (POST)",
    ),
    (
        "/payflex/commonPayment/CreateToken",
        "PayFlex common payment (POST)",
    ),
    (
        "/intervpos/mpi/Default.aspx",
        "Denizbank InterVPOS and its 3D Secure page (POST)",
    ),
    ("/lender/v1/", "loans of five banks (signed)"),
    ("/control/ledger", "control: what the banks believe"),
    ("/control/loans", "control: loan applications"),
    ("/control/faults", "control: POST and DELETE failures"),
    (
        "/control/lender-faults",
        "control: POST and DELETE lenders' failures",
    ),
    ("/control/settle-day", "control: POST closes the day"),
    ("/control/purses", "control: reward purses"),
    ("/control/switches", "control: switches"),
];

/// The list of what is here.
pub(crate) fn page_of(public_url: &str) -> Response {
    let words = words::of(Language::English);
    let context = context! {
        title => "Simulated banks",
        public_url => public_url,
        paths => Serde(PATHS),
        ..frame(words, BRAND)
    };
    page(StatusCode::OK, "index.html", &context, POLICY)
}
