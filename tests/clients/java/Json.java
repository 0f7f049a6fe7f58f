// JSON as a shop writes and reads it.
package clients;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class Json {
    static Map<String, Object> object(Object... pairs) {
        var map = new LinkedHashMap<String, Object>();
        for (int at = 0; at < pairs.length; at += 2) map.put((String) pairs[at], pairs[at + 1]);
        return map;
    }

    static BigDecimal money(String text) { return new BigDecimal(text); }

    static String newId() { return UUID.randomUUID().toString(); }

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
