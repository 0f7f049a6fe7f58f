// How a client of a shop in Java and one in .NET spells, signs and sends. Paths and fields are the caller's.
package clients;

import java.math.BigDecimal;
import java.net.HttpURLConnection;
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
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import static java.nio.charset.StandardCharsets.UTF_8;
import static clients.Json.*;

final class Client {
    static final String GATEWAY = System.getenv("GALATA_GATEWAY");
    static final String API_KEY = "api-key", SECRET_KEY = "secret-key";
    static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss");
    static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NORMAL).build();

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
}
