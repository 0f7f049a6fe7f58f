//! What the shop sells: one product of each of several categories of the banking regulator.

use serde::Serialize;

/// A product.
#[derive(Serialize)]
pub(super) struct Product {
    /// In forms and in requests.
    pub(super) id: &'static str,
    pub(super) name_tr: &'static str,
    pub(super) name_en: &'static str,
    pub(super) about_tr: &'static str,
    pub(super) about_en: &'static str,
    /// `brandName` of a loan's cart.
    pub(super) brand: &'static str,
    /// `type` of a loan's cart, a category of the public contract.
    pub(super) category: &'static str,
    pub(super) category_tr: &'static str,
    pub(super) category_en: &'static str,
    /// With tax, in kuruş.
    pub(super) price: i64,
    /// Name of the picture and its background.
    pub(super) picture: &'static str,
}

/// How many products there are.
pub(super) const COUNT: usize = 8;

#[rustfmt::skip]
pub(super) const PRODUCTS: [Product; COUNT] = [
    Product { id: "phone", name_tr: "Martı X akıllı telefon", name_en: "Martı X smartphone", about_tr: "256 GB, gece mavisi", about_en: "256 GB, midnight blue", brand: "Martı", category: "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT", category_tr: "Telefon (sınır üstü)", category_en: "Phone (above the limit)", price: 4_299_900, picture: "phone" },
    Product { id: "laptop", name_tr: "Pera 14 dizüstü bilgisayar", name_en: "Pera 14 laptop", about_tr: "16 GB bellek, 1 TB disk", about_en: "16 GB memory, 1 TB storage", brand: "Pera", category: "COMPUTER", category_tr: "Bilgisayar", category_en: "Computer", price: 3_849_900, picture: "laptop" },
    Product { id: "tv", name_tr: "Boğaz 55 inç televizyon", name_en: "Boğaz 55-inch television", about_tr: "4K, ince çerçeve", about_en: "4K, slim frame", brand: "Boğaz", category: "TV", category_tr: "Televizyon", category_en: "Television", price: 2_799_000, picture: "tv" },
    Product { id: "washer", name_tr: "Dalga 9 kg çamaşır makinesi", name_en: "Dalga 9 kg washing machine", about_tr: "A enerji sınıfı, sessiz", about_en: "Energy class A, quiet", brand: "Dalga", category: "WHITE_GOODS", category_tr: "Beyaz eşya", category_en: "White goods", price: 2_175_000, picture: "washer" },
    Product { id: "chair", name_tr: "Moda okuma koltuğu", name_en: "Moda reading chair", about_tr: "Meşe ayaklı, keten kumaş", about_en: "Oak legs, linen cover", brand: "Moda", category: "FURNITURE", category_tr: "Mobilya", category_en: "Furniture", price: 1_290_000, picture: "chair" },
    Product { id: "coffee", name_tr: "Kadıköy kahve makinesi", name_en: "Kadıköy coffee maker", about_tr: "Öğütücülü, 1,5 litre", about_en: "With grinder, 1.5 litres", brand: "Kadıköy", category: "SMALL_HOME_APPLIANCES", category_tr: "Küçük ev aleti", category_en: "Small appliance", price: 649_000, picture: "coffee" },
    Product { id: "shoes", name_tr: "Sahil yürüyüş ayakkabısı", name_en: "Sahil walking shoes", about_tr: "Hafif taban, 36-46", about_en: "Light sole, 36 to 46", brand: "Sahil", category: "SHOES", category_tr: "Ayakkabı", category_en: "Shoes", price: 219_990, picture: "shoes" },
    Product { id: "book", name_tr: "Köprüler kitabı", name_en: "The book of bridges", about_tr: "Ciltli, 320 sayfa", about_en: "Hardcover, 320 pages", brand: "Köprü", category: "OTHER", category_tr: "Kitap", category_en: "Book", price: 18_950, picture: "book" },
];

/// The place of the product with this id.
pub(super) fn position(id: &str) -> Option<usize> {
    PRODUCTS.iter().position(|product| product.id == id)
}
