//! What the 3D Secure pages say, in Turkish and English.

use super::language::Language;
use crate::wording::words;

words! {
    /// The words of the 3D Secure pages.
    Words
    language_name: "Türkçe" | "English",
    badge: "SİMÜLATÖR" | "SIMULATOR",
    disclaimer: "Gerçek para yok. Bu sayfa bankanın değildir." | "No real money. This page is not the bank's.",
    a_bank: "Banka simülatörü" | "Bank simulator",
    otp_title: "Ödemenizi doğrulayın" | "Confirm your payment",
    otp_intro: "Telefonunuza gönderilen tek kullanımlık şifreyi girin."
        | "Enter the one-time password sent to your phone.",
    shop: "İş yeri" | "Shop",
    amount: "Tutar" | "Amount",
    instalments: "Taksit" | "Instalments",
    card: "Kart" | "Card",
    date: "Tarih" | "Date",
    order: "Sipariş" | "Order",
    otp_label: "Tek kullanımlık şifre" | "One-time password",
    otp_hint: "6 rakam" | "6 digits",
    wrong: "Şifre yanlış." | "The password is wrong.",
    attempts_left: "Kalan deneme:" | "Attempts left:",
    points: "Puan kullanımı" | "Reward points",
    points_none: "Puan kullanmadan öde" | "Do not use points",
    points_spend: "puan kullan" | "in points",
    campaign: "Kampanya" | "Campaign",
    campaign_none: "Kampanya yok" | "No campaign",
    confirm: "Onayla" | "Confirm",
    cancel: "Vazgeç" | "Cancel",
    tester: "Test seçenekleri" | "Tester's choices",
    tester_intro: "Gerçek bir banka sayfasında bulunmaz. Seçim yalnız bu ödeme için geçerlidir."
        | "No real bank shows these. A choice holds for this payment only.",
    password_is: "Doğru şifre:" | "Right password:",
    at_once: "Hemen yanıtla" | "Answer at once",
    approve: "Onayla" | "Approve",
    approve_about: "Doğru şifreyi sizin yerinize girer." | "Enters the right password for you.",
    wrong_password: "Yanlış şifre gir" | "Enter a wrong password",
    wrong_password_about: "Bir deneme hakkı eksilir." | "Uses up one attempt.",
    decline: "Reddet" | "Decline",
    decline_about: "mdStatus 0 döner, ödeme alınamaz." | "mdStatus 0 is returned, no payment can follow.",
    half: "Kart sahibi şifreyle doğrulanmadı; bankası işlemin yapılmasına izin verdi."
        | "The cardholder gave no password; the bank lets the payment go on.",
    half_about: "Kart ya da bankası 3D Secure'da değil; ödeme iş yerinin tercihine kalır."
        | "The card or its bank is not in 3D Secure; the shop's settings decide.",
    half_title: "Yarım doğrulama" | "Half authentication",
    outcome_title: "Yanıtın yolunu boz" | "Disturb the answer's way",
    outcome_label: "Bankanın kararı" | "The bank's decision",
    outcome_approved: "Onay (doğru şifre)" | "Approved (right password)",
    outcome_declined: "Ret (mdStatus 0)" | "Declined (mdStatus 0)",
    twice: "İki kez yanıtla" | "Answer twice",
    twice_about: "Aynı yanıt iş yerine iki kez gider." | "The same answer reaches the shop twice.",
    late: "Geç yanıtla" | "Answer late",
    late_about: "Yanıt, seçilen süre sonunda gider." | "The answer leaves when the time is over.",
    seconds: "sn" | "s",
    wrong_hash: "Bozuk imzayla yanıtla" | "Answer with a broken signature",
    wrong_hash_about: "Yanıtın imzası tutmaz; kabul edilmemelidir."
        | "The answer's signature is wrong; it must not be accepted.",
    close_window: "Pencereyi kapat" | "Close the window",
    close_window_about: "İş yerine hiçbir yanıt gitmez." | "No answer ever reaches the shop.",
    proved_title: "Doğrulandınız" | "You are verified",
    proved: "Şifreniz doğru. Alışverişe dönüyorsunuz." | "The password is right. You are going back to the shop.",
    cancelled_title: "Doğrulama yapılmadı" | "Not verified",
    cancelled: "İşlem sizin isteğinizle durduruldu. Kartınızdan para çekilmedi."
        | "You stopped the payment. Your card was not charged.",
    exhausted_title: "Deneme hakkınız bitti" | "No attempts left",
    exhausted: "Şifre üç kez yanlış girildi. Kartınızdan para çekilmedi."
        | "The password was wrong three times. Your card was not charged.",
    refused_title: "Doğrulama reddedildi" | "Verification refused",
    refused: "Banka bu kartla ya da bu siparişle doğrulama yapmıyor. Kartınızdan para çekilmedi."
        | "The bank does not verify this card or this order. Your card was not charged.",
    back_button: "Alışverişe dön" | "Back to the shop",
    back_again: "Birinci yanıtı gönder" | "Send the first answer",
    back_second: "İkinci yanıtı gönder ve alışverişe dön" | "Send the second answer and go back to the shop",
    back_twice: "Banka aynı yanıtı iki kez gönderiyor: önce bir çerçeveye, sonra bu pencereye."
        | "The bank sends the same answer twice: first into a frame, then in this window.",
    back_by_itself: "Sayfa kendiliğinden ilerlemezse düğmeye basın."
        | "Press the button if the page does not move on by itself.",
    closed_title: "Pencere kapandı" | "The window was closed",
    closed: "Doğrulama sonuçlanmadı ve iş yerine hiçbir yanıt gitmeyecek. Banka için doğrulama açık kalır: tarayıcının geri düğmesiyle sayfaya dönüp şifreyi girebilirsiniz."
        | "The verification has no result, and no answer will ever reach the shop. To the bank it stays open: with the browser's back button you can return and enter the password.",
    closed_expected: "Ödeme INIT_THREEDS durumunda kalmalı ve para alınmamalı. İş yeri siparişi hazırlamamalı; alıcı isterse yeni bir ödeme başlatmalı."
        | "The payment should stay INIT_THREEDS, and no money may be taken. The shop should not ship; a buyer who still wants it begins a new payment.",
    expected_title: "Şimdi iş yerinden beklenen" | "What is expected of the shop now",
    late_title: "Banka geç yanıtlıyor" | "The bank answers late",
    late_before: "Yanıt" | "The answer leaves in",
    late_after: "saniye içinde gönderilecek. Bu pencereyi açık bırakın, sayfa kendiliğinden ilerler."
        | "seconds. Keep this window open, the page moves on by itself.",
    late_expected: "Yanıt gelene kadar ödeme INIT_THREEDS durumunda kalmalı; geç gelen yanıt da zamanında gelmiş gibi işlenmeli."
        | "Until the answer comes the payment should stay INIT_THREEDS; a late answer should be worth as much as a prompt one.",
    held_unknown: "Bekleyen bir yanıt bulunamadı. Simülatör yeniden başlatılmış olabilir."
        | "No answer is waiting here. The simulator may have been restarted.",
    dead_title: "Bu sayfa açılamadı" | "This page cannot be shown",
    order_broken: "Sipariş verisi doğrulanamadı." | "The order's data could not be verified.",
    shop_unknown: "Üye işyeri tanınmıyor." | "The shop is not known.",
    address_broken: "Dönüş adresi geçersiz." | "The return address is not valid.",
    page_stale: "Bu sayfa artık geçerli değil." | "This page is no longer valid.",
}
