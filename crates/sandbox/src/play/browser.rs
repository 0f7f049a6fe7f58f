//! A shopper's browser: follows redirects and sends forms, filling in what the shopper knows, until
//! it is back at the shop.

use crate::client::Http;
use form_urlencoded::Serializer;
use simulator::forms;
use url::Url;

/// Pages and redirects on the way from a shop to a bank and back.
const STEPS_MAX: usize = 20;

/// The browser.
pub(crate) struct Browser {
    http: Http,
}

/// A page that is shown.
struct Page {
    url: Url,
    html: String,
}

impl Browser {
    /// A browser.
    pub(crate) fn new(http: Http) -> Browser {
        Browser { http }
    }

    /// Shows HTML that the shop embeds, and goes on from it to `shop`.
    pub(crate) async fn show(
        &self,
        html: String,
        shop: &str,
        answers: &[(&str, &str)],
    ) -> Result<(), String> {
        let url = Url::parse(shop).map_err(|error| error.to_string())?;
        self.go_on(Page { url, html }, shop, answers).await
    }

    /// Opens an address, and goes on from it to `shop`.
    pub(crate) async fn open(
        &self,
        url: &str,
        shop: &str,
        answers: &[(&str, &str)],
    ) -> Result<(), String> {
        let url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let page = self.fetch("GET", url, Vec::new()).await?;
        self.go_on(page, shop, answers).await
    }

    /// Sends each page's first form with the shopper's answers until one has gone to the shop.
    async fn go_on(
        &self,
        mut page: Page,
        shop: &str,
        answers: &[(&str, &str)],
    ) -> Result<(), String> {
        for _ in 0..STEPS_MAX {
            let Some(form) = forms::forms(&page.html).into_iter().next() else {
                return Err(format!("the page {} has no way on", page.url));
            };
            let mut target = match form.action.as_str() {
                "" => page.url.clone(),
                action => page
                    .url
                    .join(action)
                    .map_err(|error| format!("{action}: {error}"))?,
            };
            let fields = Serializer::new(String::new())
                .extend_pairs(form.filled(answers))
                .finish();
            let to_shop = target.as_str() == shop;
            page = if form.post {
                self.fetch("POST", target, fields.into_bytes()).await?
            } else {
                target.set_query(Some(&fields));
                self.fetch("GET", target, Vec::new()).await?
            };
            if to_shop {
                return Ok(());
            }
        }
        Err("the pages lead nowhere".to_owned())
    }

    /// Fetches a page, following redirects.
    async fn fetch(&self, method: &str, url: Url, body: Vec<u8>) -> Result<Page, String> {
        let (mut method, mut url, mut body) = (method, url, body);
        for _ in 0..STEPS_MAX {
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "text/html"),
                ("accept-language", "tr"),
            ];
            let sent = std::mem::take(&mut body);
            let reply = self.http.send(method, url.as_str(), &headers, sent).await?;
            match (reply.status, reply.location) {
                (301..=303, Some(location)) => {
                    url = url
                        .join(&location)
                        .map_err(|error| format!("{location}: {error}"))?;
                    method = "GET";
                }
                (200, _) => {
                    return Ok(Page {
                        url,
                        html: reply.body,
                    });
                }
                (status, _) => return Err(format!("the page {url} answers HTTP {status}")),
            }
        }
        Err("the redirects lead nowhere".to_owned())
    }
}
