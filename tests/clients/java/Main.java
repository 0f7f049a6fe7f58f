// What shops in Java and .NET send, end to end. tests/clients/run starts it beside a sandbox. There is
// no .NET here to run, so its spelling is sent from Java.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import static java.nio.charset.StandardCharsets.UTF_8;

public class Main {
    static final String GATEWAY = System.getenv("GALATA_GATEWAY");
    static final String API_KEY = "api-key", SECRET_KEY = "secret-key";
    static final String CALLBACK_KEY = "merchantThreeDsCallbackKeySndbox";
    static final String WEBHOOK_KEY = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp";
    static final String GARANTI = "5209220000000002", DECLINED = "5100050000006661";
    /** The simulator's own reward card: published ones hold the same every day, this one spends. */
    static final String BONUS = "4043080000060007";
    static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NORMAL).build();
    static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss");

    // How a client spells and sends. Paths and fields are the caller's.

    interface Spelling {
        String query(Map<String, ?> filters);
        String number(BigDecimal number);
        String text(String text);
        /** The address as it is hashed. */
        String signed(String address);
        Answer send(String method, String target, String body, String secret) throws Exception;
    }

    /** Gson, `URLEncoder` and `HttpURLConnection`: a POST without a body has no length at all. */
    static class JavaSpelling implements Spelling {
        public String query(Map<String, ?> filters) {
            return joined(filters, value -> URLEncoder.encode(
                value instanceof LocalDateTime time ? SECONDS.format(time) : String.valueOf(value), UTF_8).replace("+", "%20"));
        }

        public String number(BigDecimal number) { return number.toString(); }

        public String text(String text) {
            String escaped = quoted(text);
            for (char one : "<>&='\u2028\u2029".toCharArray()) {
                escaped = escaped.replace(String.valueOf(one), String.format("\\u%04x", (int) one));
            }
            return escaped;
        }

        public String signed(String address) { return URLDecoder.decode(address, UTF_8); }

        public Answer send(String method, String target, String body, String secret) throws Exception {
            var connection = (HttpURLConnection) new URL(GATEWAY + target).openConnection();
            connection.setRequestMethod(method);
            String random = UUID.randomUUID().toString();
            Map.of("x-api-key", API_KEY, "x-rnd-key", random, "x-auth-version", "v1",
                "x-client-version", "craftgate-java-client:1.0.81", "Content-Type", "application/json",
                "Accept", "application/json", "lang", "en",
                "x-signature", signature(signed(GATEWAY + target), secret, random, body)).forEach(connection::setRequestProperty);
            if (!body.isEmpty()) {
                connection.setDoOutput(true);
                connection.getOutputStream().write(body.getBytes(UTF_8));
            }
            int status = connection.getResponseCode();
            var stream = status < 400 ? connection.getInputStream() : connection.getErrorStream();
            return new Answer(status, stream == null ? "" : new String(stream.readAllBytes(), UTF_8));
        }
    }

    /**
     * Newtonsoft's JSON, `Uri.EscapeDataString` and `HttpClient`: booleans with a capital letter,
     * decimals that always have a point, an address that is percent-decoded before it is hashed.
     */
    static class DotnetSpelling implements Spelling {
        public String query(Map<String, ?> filters) {
            return joined(filters, value -> {
                if (value instanceof Boolean truth) return truth ? "True" : "False";
                String text = value instanceof LocalDateTime time ? SECONDS.format(time)
                    : value instanceof BigDecimal number ? number.toPlainString() : String.valueOf(value);
                return URLEncoder.encode(text, UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
            });
        }

        public String number(BigDecimal number) {
            return number.scale() <= 0 ? number.toPlainString() + ".0" : number.toPlainString();
        }

        public String text(String text) { return quoted(text); }

        public String signed(String address) { return URLDecoder.decode(address.replace("+", "%2B"), UTF_8); }

        public Answer send(String method, String target, String body, String secret) throws Exception {
            String random = UUID.randomUUID().toString().substring(0, 8);
            var request = HttpRequest.newBuilder(URI.create(GATEWAY + target))
                .headers("x-api-key", API_KEY, "x-rnd-key", random, "x-auth-version", "v1",
                    "x-client-version", "craftgate-dotnet-client:1.0.61", "lang", "en",
                    "x-signature", signature(signed(GATEWAY + target), secret, random, body));
            if (!body.isEmpty()) request.header("Content-Type", "application/json; charset=utf-8");
            var reply = HTTP.send(request.method(method, BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
            return new Answer(reply.statusCode(), reply.body());
        }
    }

    interface Escape { String of(Object value); }

    /** Both write `name=value&`, the last one too, and leave out what is null. */
    static String joined(Map<String, ?> filters, Escape escape) {
        var query = new StringBuilder("?");
        filters.forEach((name, value) -> { if (value != null) query.append(name).append('=').append(escape.of(value)).append('&'); });
        return query.toString();
    }

    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    static String json(Object value, Spelling by) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().filter(one -> one.getValue() != null)
                .map(one -> by.text((String) one.getKey()) + ":" + json(one.getValue(), by)).collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(one -> json(one, by)).collect(Collectors.joining(",", "[", "]"));
        }
        if (value instanceof BigDecimal number) return by.number(number);
        return value instanceof String text ? by.text(text) : String.valueOf(value);
    }

    record Answer(int status, String text) {
        Map<String, Object> data() {
            if (status >= 300) throw new AssertionError("status " + status + ": " + text);
            return map(map(new Reader(text).value()).get("data"));
        }

        Map<String, Object> errors() { return map(map(new Reader(text).value()).get("errors")); }
    }

    static Answer get(Spelling by, String path, Map<String, ?> filters) throws Exception {
        return by.send("GET", filters == null ? path : path + by.query(filters), "", SECRET_KEY);
    }

    static Answer post(Spelling by, String path, Object body) throws Exception {
        return by.send("POST", path, body == null ? "" : json(body, by), SECRET_KEY);
    }

    // Signatures.

    static byte[] sha256(String text) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    }

    static String signature(String address, String secret, String random, String body) throws Exception {
        return Base64.getEncoder().encodeToString(sha256(address + API_KEY + secret + random + body));
    }

    /** A 3DS callback of version 1. */
    static String callbackHash(String key, Map<String, String> params) throws Exception {
        var text = new StringBuilder(key);
        for (String name : List.of("status", "completeStatus", "paymentId", "conversationData", "conversationId", "callbackStatus")) {
            text.append("###").append(params.getOrDefault(name, ""));
        }
        return HexFormat.of().formatHex(sha256(text.toString()));
    }

    /** A callback that names its signed parameters (version 2). */
    static String namedCallbackHash(String key, Map<String, String> params) throws Exception {
        var text = new StringBuilder(key);
        for (String name : params.get("hashParams").split(":")) text.append(params.getOrDefault(name, ""));
        return HexFormat.of().formatHex(sha256(text.toString()));
    }

    static String webhookSignature(String key, Map<String, ?> event) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key.getBytes(UTF_8), "HmacSHA256"));
        String text = "" + event.get("eventType") + event.get("eventTimestamp") + event.get("status") + event.get("payloadId");
        return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(UTF_8)));
    }

    // The shop, the shopper, the bank.

    record Webhook(String signature, Map<String, Object> event) {}
    record Callback(String path, Map<String, String> fields) {}
    static final List<Webhook> WEBHOOKS = new CopyOnWriteArrayList<>();
    static final List<Callback> CALLBACKS = new CopyOnWriteArrayList<>();
    static String shop;

    static HttpServer openShop() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", Main::receive);
        server.start();
        shop = "http://127.0.0.1:" + server.getAddress().getPort();
        return server;
    }

    static void receive(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
        String path = exchange.getRequestURI().getPath();
        if (path.equals("/webhook")) {
            WEBHOOKS.add(new Webhook(exchange.getRequestHeaders().getFirst("x-cg-signature-v1"), map(new Reader(body).value())));
        } else if (!body.isEmpty()) {
            var fields = new LinkedHashMap<String, String>();
            for (String pair : body.split("&")) {
                String[] halves = pair.split("=", 2);
                fields.put(URLDecoder.decode(halves[0], UTF_8), URLDecoder.decode(halves[1], UTF_8));
            }
            CALLBACKS.add(new Callback(path, fields));
        }
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
    }

    static Map<String, String> callback(String address) {
        var found = CALLBACKS.stream().filter(one -> address.endsWith(one.path)).toList();
        same(1, found.size(), "callbacks to " + address);
        return found.get(0).fields;
    }

    static void assertAnnounced(Object paymentId, String eventType) throws Exception {
        for (long until = System.currentTimeMillis() + 30_000; System.currentTimeMillis() < until; Thread.sleep(20)) {
            for (var come : WEBHOOKS) {
                if (come.event.get("payloadId").equals(paymentId.toString()) && come.event.get("eventType").equals(eventType)) {
                    same("SUCCESS", come.event.get("status"), "status of the event");
                    same(webhookSignature(WEBHOOK_KEY, come.event), come.signature, "signature");
                    return;
                }
            }
        }
        throw new AssertionError("waited in vain for " + eventType + " of " + paymentId);
    }

    static final Map<String, String> SHOPPER = Map.of("otp", "123456", "identityNumber", "12345678901",
        "phoneNumber", "5301234567", "birthDate", "1990-05-17");
    static final int PAGES_MAX = 12;
    static final Pattern FORM = Pattern.compile("<form\\b.*?</form>", Pattern.DOTALL);
    static final Pattern FIELD = Pattern.compile("<(?:input|button)\\b[^>]*>");
    static final Pattern ATTRIBUTE = Pattern.compile("([\\w-]+)=\"([^\"]*)\"");

    static Map<String, String> attributes(String tag) {
        var found = new LinkedHashMap<String, String>();
        ATTRIBUTE.matcher(tag).results().forEach(one -> found.put(one.group(1), one.group(2).replace("&quot;", "\"")
            .replace("&#x2f;", "/").replace("&#x27;", "'").replace("&#39;", "'").replace("&#34;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")));
        return found;
    }

    /** Walks from page to page until one leads nowhere; a form for a hidden frame is sent as well. */
    static void walk(URI address, String html, String press) throws Exception {
        for (int pages = 0; pages < PAGES_MAX; pages++) {
            var forms = FORM.matcher(html).results().map(one -> one.group()).toList();
            if (forms.isEmpty()) return;
            for (String hidden : forms.subList(0, forms.size() - 1)) {
                var there = submit(address, hidden, press);
                walk(there.uri(), there.body(), press);
            }
            var next = submit(address, forms.get(forms.size() - 1), press);
            address = next.uri();
            html = next.body();
        }
        throw new AssertionError("the shopper walks in circles at " + address);
    }

    static java.net.http.HttpResponse<String> submit(URI page, String form, String press) throws Exception {
        var fields = new LinkedHashMap<String, String>();
        var buttons = new ArrayList<Map<String, String>>();
        for (Matcher tags = FIELD.matcher(form); tags.find();) {
            var at = attributes(tags.group());
            String name = at.get("name");
            if (tags.group().startsWith("<button") || "submit".equals(at.get("type"))) buttons.add(at);
            else if (name != null) fields.putIfAbsent(name, SHOPPER.getOrDefault(name, at.getOrDefault("value", "")));
        }
        var pressed = buttons.stream().filter(one -> press.equals(one.get("value"))).findFirst().orElse(buttons.get(0));
        if (pressed.containsKey("name")) fields.put(pressed.get("name"), pressed.get("value"));
        String body = fields.entrySet().stream().map(one -> URLEncoder.encode(one.getKey(), UTF_8) + "=" + URLEncoder.encode(one.getValue(), UTF_8))
            .collect(Collectors.joining("&"));
        String action = attributes(form.substring(0, form.indexOf('>'))).getOrDefault("action", "");
        URI target = action.isEmpty() ? page : page.resolve(action);
        return HTTP.send(HttpRequest.newBuilder(target).header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    static void visit(Object address, String press) throws Exception {
        var page = HTTP.send(HttpRequest.newBuilder(URI.create((String) address)).build(), BodyHandlers.ofString());
        walk(page.uri(), page.body(), press);
    }

    /** The control API of the simulator. Amounts there are kuruş. */
    static Map<String, Object> bank(String method, String path, Object body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(System.getenv("GALATA_SIMULATOR") + path)).header("Content-Type", "application/json")
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(json(body, new DotnetSpelling()))).build();
        var reply = HTTP.send(request, BodyHandlers.ofString());
        same(true, reply.statusCode() < 300, method + " " + path + " " + reply.body());
        return reply.body().isEmpty() ? Map.of() : map(new Reader(reply.body()).value());
    }

    static Map<String, Object> orderOf(Map<String, Object> made) throws Exception {
        var orders = list(bank("GET", "/control/ledger?orderId=" + made.get("orderId"), null).get("orders"));
        same(1, orders.size(), "orders at the bank");
        return map(orders.get(0));
    }

    static String galata(String... words) throws Exception {
        var command = new ArrayList<>(List.of(System.getenv("GALATA_COMMAND")));
        command.addAll(List.of(words));
        var child = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String said = new String(child.getInputStream().readAllBytes(), UTF_8);
        same(0, child.waitFor(), String.join(" ", words));
        return said;
    }

    // Requests.

    static Map<String, Object> object(Object... pairs) {
        var map = new LinkedHashMap<String, Object>();
        for (int at = 0; at < pairs.length; at += 2) map.put((String) pairs[at], pairs[at + 1]);
        return map;
    }

    static BigDecimal money(String text) { return new BigDecimal(text); }

    static String newId() { return UUID.randomUUID().toString(); }

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

    static void same(Object wanted, Object found, String what) {
        if (!Objects.equals(wanted, found)) throw new AssertionError(what + ": " + found + " instead of " + wanted);
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
        same(List.of(422, "10051", "NOT_SUFFICIENT_FUNDS"), List.of(told.status, told.errors().get("errorCode"), told.errors().get("errorGroup")), "refusal");
        same(401, by.send("POST", "/payment/v1/card-payments", json(payment(card(GARANTI)), by), "not-the-secret").status, "status");
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
        same(200, get(by, "/payment-reporting/v1/payments", all).status, "without filters");
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
            same(true, answer.status < 300, answer.text);
        }
    }

    // JSON as it came.

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object value) { return (Map<String, Object>) value; }

    static List<?> list(Object value) { return (List<?>) value; }

    /** Reads what Galata writes: whole numbers become `Long`, others `BigDecimal`. */
    static class Reader {
        static final Pattern NUMBER = Pattern.compile("-?[0-9.eE+-]+");
        final String text;
        int at;

        Reader(String text) { this.text = text; }

        char next() {
            while (Character.isWhitespace(text.charAt(at))) at++;
            return text.charAt(at);
        }

        Object value() {
            return switch (next()) {
                case '{' -> object();
                case '[' -> array();
                case '"' -> string();
                case 't' -> word("true", true);
                case 'f' -> word("false", false);
                case 'n' -> word("null", null);
                default -> number();
            };
        }

        Object word(String word, Object value) {
            at += word.length();
            return value;
        }

        Object number() {
            Matcher number = NUMBER.matcher(text).region(at, text.length());
            if (!number.lookingAt()) throw new AssertionError("no JSON at " + at);
            at = number.end();
            boolean whole = number.group().chars().allMatch(one -> one == '-' || Character.isDigit(one));
            return whole ? (Object) Long.valueOf(number.group()) : new BigDecimal(number.group());
        }

        Map<String, Object> object() {
            var found = new LinkedHashMap<String, Object>();
            for (at++; next() != '}'; at += next() == ',' ? 1 : 0) {
                next();
                String name = string();
                next();
                at++;
                found.put(name, value());
            }
            at++;
            return found;
        }

        List<Object> array() {
            var found = new ArrayList<>();
            for (at++; next() != ']'; at += next() == ',' ? 1 : 0) found.add(value());
            at++;
            return found;
        }

        String string() {
            var found = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                if (text.charAt(at) != '\\') {
                    found.append(text.charAt(at));
                    continue;
                }
                at++;
                switch (text.charAt(at)) {
                    case 'n' -> found.append('\n');
                    case 't' -> found.append('\t');
                    case 'r' -> found.append('\r');
                    case 'b' -> found.append('\b');
                    case 'f' -> found.append('\f');
                    case 'u' -> {
                        found.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                        at += 4;
                    }
                    default -> found.append(text.charAt(at));
                }
            }
            at++;
            return found.toString();
        }
    }
}
