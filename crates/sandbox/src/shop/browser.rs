//! What a browser brings: who it is, which language, which form, and from where it posts.

use super::lang::Lang;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use contract::errors::Language;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use server::cookies::cookie;
use std::convert::Infallible;

/// Longest form that is read, in fields.
const FIELDS_MAX: usize = 60;
/// Longest value of a field in bytes.
const VALUE_MAX: usize = 200;
/// A visitor's cookie.
pub(super) const VISITOR_COOKIE: &str = "shop_visitor";
/// The chosen language's cookie.
pub(super) const LANG_COOKIE: &str = "shop_lang";

/// A browser's visit.
pub(super) struct Visit {
    /// The visitor's token; a new one when the browser brought none.
    pub(super) visitor: String,
    /// The browser does not know its token yet.
    pub(super) new: bool,
    pub(super) lang: Lang,
    /// The language was chosen just now.
    pub(super) chosen: bool,
}

impl Visit {
    /// Reads headers and the `lang` of the query.
    pub(super) fn of(headers: &HeaderMap, lang: Option<&str>) -> Visit {
        let token = cookie(headers, VISITOR_COOKIE).filter(|token| is_token(token));
        let chosen = lang.and_then(Lang::of_code);
        let kept = || cookie(headers, LANG_COOKIE).and_then(Lang::of_code);
        Visit {
            new: token.is_none(),
            visitor: token.map_or_else(server::random::token, str::to_owned),
            lang: chosen
                .or_else(kept)
                .unwrap_or_else(|| preferred_language(headers)),
            chosen: chosen.is_some(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    /// Pages take `lang` in their address, what is posted does not.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Visit, Infallible> {
        let query = parts.uri.query().filter(|_| parts.method == Method::GET);
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let lang = pairs.find(|(name, _)| name == "lang");
        let lang = lang.as_ref().map(|(_, code)| code.as_ref());
        Ok(Visit::of(&parts.headers, lang))
    }
}

/// 22 letters of a URL-safe alphabet, as [`server::random::token`] makes them.
fn is_token(text: &str) -> bool {
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    text.len() == 22 && text.bytes().all(sound)
}

fn preferred_language(headers: &HeaderMap) -> Lang {
    let line = headers.get(header::ACCEPT_LANGUAGE);
    let language = Language::of_browser(line.and_then(|value| value.to_str().ok()));
    Lang::of_code(language.tag()).unwrap_or(Lang::Tr)
}

/// A form's fields.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form; what is beyond the bounds is left out.
    pub(super) fn read(body: &[u8]) -> Form {
        let fields = form_urlencoded::parse(body)
            .filter(|(_, value)| value.len() <= VALUE_MAX)
            .take(FIELDS_MAX)
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Form(fields.collect())
    }

    /// A field's value without spaces around it; what is absent is empty.
    pub(super) fn value(&self, name: &str) -> &str {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        named.next().map_or("", |(_, value)| value.trim())
    }

    /// All fields.
    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.0
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = BytesRejection;

    async fn from_request(request: Request, state: &S) -> Result<Form, BytesRejection> {
        let body = Bytes::from_request(request, state).await?;
        Ok(Form::read(&body))
    }
}

/// Refuses a form that another site's page posts. Browsers say where a form comes from; what says
/// nothing is no browser, and brings no cookies that it was not told to bring.
pub(crate) fn own_page(headers: &HeaderMap) -> Result<(), StatusCode> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return match site {
            "same-origin" | "none" => Ok(()),
            _ => Err(StatusCode::FORBIDDEN),
        };
    }
    match (text("origin"), text("host")) {
        (None, _) => Ok(()),
        (Some(origin), Some(host)) if origin.split_once("://").is_some_and(|(_, o)| o == host) => {
            Ok(())
        }
        _ => Err(StatusCode::FORBIDDEN),
    }
}

/// The base URL under which the browser knows this shop, so that it comes back to the same one.
pub(super) fn base_url(headers: &HeaderMap, public: Option<&url::Url>, otherwise: &str) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            let sound =
                |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
            (1..=255).contains(&host.len()) && host.bytes().all(sound)
        });
    if let Some(public) = public {
        let own = public.host_str().unwrap_or_default();
        let named = match public.port() {
            Some(port) => format!("{own}:{port}"),
            None => own.to_owned(),
        };
        if host.is_none_or(|host| host == named) {
            return format!("{}://{named}", public.scheme());
        }
    }
    match host {
        Some(host) => format!("http://{host}"),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let own = [("host", "127.0.0.1:1"), ("origin", "http://127.0.0.1:1")];
        assert!(own_page(&headers(&own)).is_ok());
        assert!(own_page(&headers(&[("host", "127.0.0.1:1")])).is_ok());
        for pairs in [
            [("host", "127.0.0.1:1"), ("origin", "http://evil.example")],
            [("host", "127.0.0.1:1"), ("origin", "null")],
            [("host", "127.0.0.1:1"), ("sec-fetch-site", "cross-site")],
            [("host", "127.0.0.1:1"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(own_page(&headers(&pairs)).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn a_language_is_chosen_kept_or_preferred_language() {
        let of =
            |pairs: &[(&'static str, &'static str)], asked| Visit::of(&headers(pairs), asked).lang;
        assert_eq!(of(&[], None), Lang::Tr);
        assert_eq!(
            of(&[("accept-language", "de, en-GB;q=0.8")], None),
            Lang::En
        );
        assert_eq!(of(&[("cookie", "a=b; shop_lang=en")], None), Lang::En);
        assert_eq!(of(&[("cookie", "shop_lang=en")], Some("tr")), Lang::Tr);
    }

    #[test]
    fn the_browser_comes_back_to_the_address_it_knows() {
        let local = headers(&[("host", "localhost:8080")]);
        assert_eq!(base_url(&local, None, "x"), "http://localhost:8080");
        let public = url::Url::parse("https://pay.example").unwrap();
        let there = headers(&[("host", "pay.example")]);
        assert_eq!(base_url(&there, Some(&public), "x"), "https://pay.example");
        let odd = headers(&[("host", "a/b")]);
        assert_eq!(base_url(&odd, None, "http://g"), "http://g");
    }
}
