// The shop's server, the shopper at a bank's pages, and what the banks' control says.
package clients;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import static java.nio.charset.StandardCharsets.UTF_8;
import static clients.Client.*;
import static clients.Json.*;

final class Shop {
    static final String WEBHOOK_KEY = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp";

    record Webhook(String signature, Map<String, Object> event) {}
    record Callback(String path, Map<String, String> fields) {}
    static final List<Webhook> WEBHOOKS = new CopyOnWriteArrayList<>();
    static final List<Callback> CALLBACKS = new CopyOnWriteArrayList<>();
    static String shop;

    static HttpServer openShop() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", Shop::receive);
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

    static void same(Object wanted, Object found, String what) {
        if (!Objects.equals(wanted, found)) throw new AssertionError(what + ": " + found + " instead of " + wanted);
    }
}
