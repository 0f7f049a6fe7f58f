// What shops in Java and .NET send, end to end. tests/clients/run starts it beside a sandbox. There is
// no .NET here to run, so its spelling is sent from Java.
package clients;

import java.math.BigDecimal;
import java.net.URI;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import static java.nio.charset.StandardCharsets.UTF_8;
import static clients.Client.*;
import static clients.Json.*;
import static clients.Shop.*;

public final class Main {
    static final String CALLBACK_KEY = "merchantThreeDsCallbackKeySndbox";
    static final String GARANTI = "5209220000000002", DECLINED = "5100050000006661";
    /** The simulator's own reward card: published ones hold the same every day, this one spends. */
    static final String BONUS = "4043080000060007";

    static Map<String, Object> card(String number) {
        return object("cardHolderName", "Haluk Demir", "cardNumber", number, "expireYear", "2044", "expireMonth", "07", "cvc", "000",
            "cardAlias", null, "storeCardAfterSuccessPayment", false);
    }

    static Map<String, Object> payment(Map<String, Object> card) {
        return object("price", money("100"), "paidPrice", money("100.00"), "walletPrice", money("0"), "installment", 1, "currency", "TRY",
            "conversationId", newId(), "externalId", newId(), "paymentPhase", "AUTH", "paymentGroup", "PRODUCT", "buyerMemberId", null,
            "card", card, "retry", true, "items", List.of(
                object("name", "Şapka <kırmızı> & \"eldiven\" = 'atkı'", "price", money("30.1"), "externalId", newId()),
                object("name", "Item 2", "price", money("69.90"), "externalId", newId())));
    }

    static Map<String, Object> loan(String bankCode) {
        String id = newId();
        return object("apmType", "MASLAK", "price", money("1E+4"), "paidPrice", money("10000"), "currency", "TRY", "paymentGroup", "PRODUCT",
            "conversationId", id, "externalId", id, "callbackUrl", shop + "/loan/" + id, "bankCode", bankCode,
            "additionalParams", object("buyerBirthdate", "1990-05-17", "buyerPhoneNumber", "5301234567", "buyerIdentityNumber", "12345678901",
                "fingate", object("isHostedPage", false, "totalTerm", 6)),
            "items", List.of(object("name", "A sofa", "price", money("10000"), "externalId", "sofa")),
            "cartItems", List.of(object("id", "sofa", "name", "A sofa", "brandName", "Brand", "type", "FURNITURE", "unitPrice", money("10000"), "quantity", 1)));
    }

    // The steps.

    static int passed, failed;

    interface Step { void run() throws Exception; }

    static void check(String name, Step step) {
        try {
            step.run();
            passed++;
            System.out.println("ok - " + name);
        } catch (Throwable error) {
            failed++;
            System.out.println("not ok - " + name + ": " + error);
        }
    }

    public static void main(String[] arguments) throws Exception {
        var server = openShop();
        boolean good;
        try {
            good = run();
        } finally {
            server.stop(0);
        }
        System.exit(good ? 0 : 1);
    }

    static boolean run() throws Exception {
        var merchant = map(list(new Reader(galata("merchant", "list", "--json")).value()).get(0)).get("id").toString();
        galata("merchant", "webhook", merchant, shop + "/webhook");
        var ends = new ArrayList<String>();
        for (var spelling : List.<Map.Entry<String, Spelling>>of(Map.entry("java", new JavaSpelling()), Map.entry(".net spelling", new DotnetSpelling()))) {
            passed = failed = 0;
            steps(spelling.getKey(), spelling.getValue());
            ends.add(spelling.getKey() + ": " + passed + " passed, " + failed + " failed");
        }
        System.out.println(String.join("; ", ends));
        return ends.stream().allMatch(one -> one.endsWith(" 0 failed"));
    }

    static void steps(String name, Spelling by) {
        check(name + ": known signatures are computed", () -> knownSignatures(by));
        var sale = new LinkedHashMap<String, Object>();
        check(name + ": a sale succeeds", () -> sale.putAll(sell(by)));
        check(name + ": its webhook is verified", () -> assertAnnounced(sale.get("id"), "API_AUTH"));
        check(name + ": a declined card and a wrong secret are told", () -> refused(by));
        check(name + ": 3D Secure: begun, verified at the bank, callback verified, completed", () -> secure(by));
        check(name + ": rewards are asked for, and pay", () -> reward(by));
        check(name + ": a loan: offers, application, the bank's page, approval without a body", () -> borrow(by));
        check(name + ": a loan that the lender's notification ends is verified", () -> notified(by));
        check(name + ": payments are found by every spelling of a filter", () -> search(by, sale));
        check(name + ": a channel with odd characters is kept and found", () -> channel(by));
        check(name + ": a POS is switched off and on by a PUT without a body", () -> switched(by));
    }

    static void knownSignatures(Spelling by) throws Exception {
        same("/cards?cardAlias=a b+c&d=e%20/é ş😀'!*()~&page=0&", by.signed("/cards"
            + by.query(object("cardAlias", "a b+c&d=e%20/é ş😀'!*()~", "page", 0))), "what is signed of a query");
        same("lecLrGZXo5u+Oq3V33vIqtbLU2fopbiH78kq6wjWNDQ=",
            signature("http://api.craftgate.io/onboarding/v1/members", SECRET_KEY, "rand-2010", ""), "request");
        same("8f97746284f91a4295f99ae1e50dd70ccd3c932fd58437855e91a3a2fe86b293", callbackHash("6UkASNuafM2TdannfMacixxjMaN5ycTJ",
            Map.of("status", "FAILURE", "paymentId", "417145", "conversationId", "d1811bb0-25a2-40c7-ba71-c8b605259611",
                "callbackStatus", "ALREADY_RETURNED")), "callback");
        same("0wRB5XqWJxwwPbn5Z9TcbHh8EGYFufSYTsRMB74N094=", webhookSignature(WEBHOOK_KEY,
            Map.of("eventType", "API_VERIFY_AND_AUTH", "eventTimestamp", 1661521221, "status", "SUCCESS", "payloadId", "584")), "webhook");
    }

    static Map<String, Object> sell(Spelling by) throws Exception {
        var body = payment(card(GARANTI));
        var made = post(by, "/payment/v1/card-payments", body).data();
        same("SUCCESS", made.get("paymentStatus"), "status");
        same(body.get("conversationId"), made.get("conversationId"), "conversation");
        same(10_000L, orderOf(made).get("captured"), "captured");
        same(made, get(by, "/payment/v1/card-payments/" + made.get("id"), null).data(), "read back");
        LocalDateTime.parse((String) made.get("createdDate"));
        return made;
    }

    static void refused(Spelling by) throws Exception {
        var told = post(by, "/payment/v1/card-payments", payment(card(DECLINED)));
        same(List.of(422, "10051", "NOT_SUFFICIENT_FUNDS"), List.of(told.status(), told.errors().get("errorCode"), told.errors().get("errorGroup")), "refusal");
        same(401, by.send("POST", "/payment/v1/card-payments", json(payment(card(GARANTI)), by), "not-the-secret").status(), "status");
    }

    static void secure(Spelling by) throws Exception {
        var body = payment(card(GARANTI));
        String callbackUrl = shop + "/threeds/" + newId();
        body.put("callbackUrl", callbackUrl);
        var begun = post(by, "/payment/v1/card-payments/3ds-init", body).data();
        walk(URI.create("http://shop.invalid/"), new String(Base64.getDecoder().decode((String) begun.get("htmlContent")), UTF_8), "");
        var come = callback(callbackUrl);
        same("SUCCESS WAITING", come.get("status") + " " + come.get("completeStatus"), "callback");
        same(callbackHash(CALLBACK_KEY, come), come.get("hash"), "hash");
        var made = post(by, "/payment/v1/card-payments/3ds-complete", object("paymentId", begun.get("paymentId"))).data();
        same(List.of("SUCCESS", true), List.of(made.get("paymentStatus"), made.get("isThreeDS")), "payment");
        come.put("paymentId", "1");
        same(false, come.get("hash").equals(callbackHash(CALLBACK_KEY, come)), "a forged callback passes");
    }

    static void reward(Spelling by) throws Exception {
        bank("POST", "/control/purses", object("cardNumber", BONUS, "card", 1235, "firm", 520, "mile", 0));
        var asked = object("cardNumber", BONUS, "expireYear", "2044", "expireMonth", "07", "cvc", "000");
        var found = map(list(post(by, "/payment/v1/card-loyalties/retrieve", asked).data().get("loyalties")).get(0));
        same(0, money("17.55").compareTo((BigDecimal) map(found.get("reward")).get("totalRewardMoney")), "rewards");
        var paidWith = card(BONUS);
        paidWith.put("loyalty", object("type", "REWARD_MONEY", "reward", object("cardRewardMoney", money("1.36"), "firmRewardMoney", money("3.88"))));
        var made = post(by, "/payment/v1/card-payments", payment(paidWith)).data();
        same("REWARD_MONEY", map(made.get("loyalty")).get("type"), "loyalty");
        same(524L, orderOf(made).get("pointsSpent"), "points spent");
    }

    static void borrow(Spelling by) throws Exception {
        var body = loan("103");
        var asked = object("apmType", "MASLAK", "price", body.get("price"), "currency", "TRY", "items", body.get("cartItems"));
        var offers = list(post(by, "/payment/v1/bnpl-payments/offers", asked).data().get("bankOffers"));
        same(true, offers.stream().anyMatch(one -> "103".equals(map(one).get("bankCode"))), "offer of the bank");
        var begun = post(by, "/payment/v1/bnpl-payments/init", body).data();
        visit(begun.get("redirectUrl"), "approve");
        var come = callback((String) body.get("callbackUrl"));
        same(namedCallbackHash(CALLBACK_KEY, come), come.get("hash"), "hash");
        same("APPROVAL_REQUIRED", come.get("additionalAction"), "action");
        same("SUCCESS", post(by, "/payment/v1/bnpl-payments/" + begun.get("paymentId") + "/approve", null).data().get("paymentStatus"), "approved");
    }

    static void notified(Spelling by) throws Exception {
        var begun = post(by, "/payment/v1/bnpl-payments/init", loan("064")).data();
        for (Object one : list(bank("GET", "/control/loans", null).get("loans"))) {
            if (!begun.get("redirectUrl").equals(map(one).get("pageUrl"))) continue;
            bank("POST", "/control/loans/" + map(one).get("orderId") + "/decision", object("decision", "approve"));
        }
        assertAnnounced(begun.get("paymentId"), "BNPL_NOTIFICATION");
        var verified = post(by, "/payment/v1/bnpl-payments/" + begun.get("paymentId") + "/verify", null).data();
        same(List.of("SUCCESS", "APPROVED"), List.of(verified.get("paymentStatus"), verified.get("responseStatus")), "verified");
    }

    static void search(Spelling by, Map<String, Object> sale) throws Exception {
        var created = LocalDateTime.parse((String) sale.get("createdDate"));
        for (var filter : List.of(
            object("paymentId", sale.get("id"), "paymentTransactionId", null),
            object("orderId", sale.get("orderId"), "externalId", sale.get("externalId")),
            object("paymentType", "CARD_PAYMENT", "paymentProvider", "BANK", "paymentStatus", "SUCCESS", "paymentSource", "API"),
            object("isThreeDS", false, "binNumber", "52092200", "lastFourDigits", "0002", "installment", 1),
            object("minPaidPrice", money("99.9900"), "maxPaidPrice", money("1E+3"), "currency", "TRY"),
            object("minCreatedDate", created, "maxCreatedDate", created),
            object("minCreatedDate", created.withSecond(0).withNano(0), "maxCreatedDate", LocalDateTime.of(9999, 12, 31, 23, 59, 59)))) {
            filter.putAll(object("conversationId", sale.get("conversationId"), "page", 0, "size", 10));
            var items = list(get(by, "/payment-reporting/v1/payments", filter).data().get("items"));
            same(List.of(sale.get("id")), items.stream().map(one -> map(one).get("id")).toList(), by.query(filter));
        }
        var secured = get(by, "/payment-reporting/v1/payments", object("conversationId", sale.get("conversationId"), "isThreeDS", true));
        same(List.of(), list(secured.data().get("items")), "with 3D Secure");
        // .NET sends a lone question mark as well, but the HTTP client that stands in for its own cuts it off.
        var all = by instanceof JavaSpelling ? Map.<String, Object>of() : null;
        same(200, get(by, "/payment-reporting/v1/payments", all).status(), "without filters");
    }

    static void channel(Spelling by) throws Exception {
        String channel = "Mağaza a+b&c=d%20/é:1*" + newId().substring(0, 8);
        var body = payment(card(GARANTI));
        body.put("paymentChannel", channel);
        same(channel, post(by, "/payment/v1/card-payments", body).data().get("paymentChannel"), "channel");
        same(1, list(get(by, "/payment-reporting/v1/payments", object("paymentChannel", channel)).data().get("items")).size(), "payments of this channel");
    }

    static void switched(Spelling by) throws Exception {
        var poses = list(get(by, "/merchant/v1/merchant-poses", object("page", 0, "size", 25, "enableInstallment", true)).data().get("items"));
        var pos = map(poses.get(poses.size() - 1));
        for (Object status : List.of("PASSIVE", pos.get("status"))) {
            var answer = by.send("PUT", "/merchant/v1/merchant-poses/" + pos.get("id") + "/status/" + status, "", SECRET_KEY);
            same(true, answer.status() < 300, answer.text());
        }
    }
}
