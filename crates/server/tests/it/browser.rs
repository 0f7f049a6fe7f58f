//! The shopper's browser, without scripts: reads the first form of a page and submits it.

use crate::shop::HttpClient;
use base64::Engine;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};

/// A page, and where it came from.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: String,
    pub status: u16,
    pub html: String,
}

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub by_get: bool,
    pub fields: Vec<(String, String)>,
}

impl Form {
    pub fn field(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value)
    }

    /// Puts another value in the place of a field's, where there is such a field.
    pub fn change(&mut self, name: &str, change: impl Fn(&str) -> String) {
        for (known, value) in &mut self.fields {
            if known == name {
                *value = change(value);
            }
        }
    }
}

impl Page {
    /// The page that the shop shows: base64 HTML of `htmlContent`.
    pub fn of_html_content(content: &str) -> Page {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(content)
            .unwrap();
        Page {
            url: "http://shop.invalid/".to_owned(),
            status: 200,
            html: String::from_utf8(bytes).unwrap(),
        }
    }

    /// The first form with its inputs, buttons left out.
    #[track_caller]
    pub fn form(&self) -> Form {
        let start = self
            .html
            .find("<form")
            .unwrap_or_else(|| panic!("no form at {}: {}", self.url, self.html));
        let end = self.html[start..]
            .find("</form>")
            .map_or(self.html.len(), |n| start + n);
        let text = &self.html[start..end];
        let tag_end = text.find('>').unwrap();
        let action = attribute(&text[..tag_end], "action").unwrap_or_default();
        let action = url::Url::parse(&self.url)
            .unwrap()
            .join(&action)
            .unwrap()
            .to_string();
        let method = attribute(&text[..tag_end], "method").unwrap_or_default();
        let by_get = !method.eq_ignore_ascii_case("post");
        let mut fields = Vec::new();
        for tag in text[tag_end..].split("<input").skip(1) {
            let tag = &tag[..tag.find('>').unwrap()];
            if let Some(name) = attribute(tag, "name") {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        Form {
            action,
            by_get,
            fields,
        }
    }

    /// Types a password on a bank's page and confirms.
    pub async fn types(&self, http: &HttpClient, otp: &str) -> Page {
        self.submit(http, &[("otp", otp), ("action", "confirm")])
            .await
    }

    /// Submits the first form, with fields set or added, and follows redirects.
    pub async fn submit(&self, http: &HttpClient, set: &[(&str, &str)]) -> Page {
        let mut form = self.form();
        for (name, value) in set {
            match form.fields.iter_mut().find(|(n, _)| n == name) {
                Some((_, kept)) => *kept = (*value).to_owned(),
                None => form.fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form.fields)
            .finish();
        if form.by_get {
            // The fields take the place of a query.
            let mut action = url::Url::parse(&form.action).unwrap();
            action.set_query(Some(&body));
            return fetch(http, "GET", action.as_str(), String::new()).await;
        }
        fetch(http, "POST", &form.action, body).await
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = start + tag[start..].find('"')?;
    Some(unescaped(&tag[start..end]))
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&#x2f;", "/")
        .replace("&#x3D;", "=")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

pub async fn fetch(http: &HttpClient, method: &str, url: &str, body: String) -> Page {
    let (mut method, mut url, mut body) = (method.to_owned(), url.to_owned(), body);
    for _ in 0..10 {
        let request = http::Request::builder()
            .method(method.as_str())
            .uri(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept-language", "tr")
            .body(Full::new(Bytes::from(body.clone())))
            .unwrap();
        let reply = http.request(request).await.unwrap();
        let status = reply.status().as_u16();
        if let Some(location) = reply.headers().get("location") {
            url = url::Url::parse(&url)
                .unwrap()
                .join(location.to_str().unwrap())
                .unwrap()
                .to_string();
            (method, body) = ("GET".to_owned(), String::new());
            continue;
        }
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        return Page {
            url,
            status,
            html: String::from_utf8_lossy(&bytes).into_owned(),
        };
    }
    panic!("too many redirects");
}
