//! From a method and a path to an endpoint of the contract's table.

use crate::problem::Problem;
use contract::endpoints::{ENDPOINTS, Endpoint};
use contract::rules::Rule;
use std::sync::LazyLock;

/// An endpoint with the variables of its path.
pub(super) struct Route {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// Whether the path takes a method that writes, served or not.
    pub takes_writes: bool,
    params: Vec<(String, String)>,
}

impl Route {
    /// A variable as text, percent-decoded.
    pub(super) fn text(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// A variable as an id.
    pub(super) fn id(&self, name: &'static str) -> Result<i64, Problem> {
        contract::id::parse(self.text(name)).ok_or_else(|| Problem::field(Rule::InvalidId, name))
    }
}

/// One entry a shape of path, with the endpoints that have it: clients name the same variable
/// differently.
struct Table {
    router: matchit::Router<usize>,
    shapes: Vec<Vec<&'static Endpoint>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        router: matchit::Router::new(),
        shapes: Vec::new(),
    };
    let mut known: Vec<String> = Vec::new();
    for endpoint in ENDPOINTS {
        let shape = name_by_number(endpoint.path);
        match known.iter().position(|path| *path == shape) {
            Some(place) => table.shapes[place].push(endpoint),
            None => {
                if let Err(error) = table.router.insert(shape.clone(), known.len()) {
                    tracing::error!(%error, path = endpoint.path, "an endpoint's path cannot be routed");
                    continue;
                }
                known.push(shape);
                table.shapes.push(vec![endpoint]);
            }
        }
    }
    table
});

/// The path with its variables numbered: `/payment/v1/cards/{0}`.
fn name_by_number(path: &str) -> String {
    let mut count = 0;
    let segments = path.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        count += 1;
        format!("{{v{count}}}")
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The endpoint of a request. Doubled slashes are one, one at the end is none, and a public URL's own
/// path is cut off. What was signed is the path as it came.
pub(super) fn find(public_urls: &[String], method: &str, raw_path: &str) -> Result<Route, Problem> {
    let path = collapse(raw_path);
    let prefixes = public_urls
        .iter()
        .filter_map(|url| url::Url::parse(url).ok());
    let stripped = prefixes
        .map(|url| url.path().trim_end_matches('/').to_owned())
        .filter(|prefix| !prefix.is_empty())
        .find_map(|prefix| {
            path.strip_prefix(&prefix)
                .filter(|rest| rest.starts_with('/'))
                .map(str::to_owned)
        });
    let path = stripped.unwrap_or(path);
    let matched = TABLE
        .router
        .at(&path)
        .map_err(|_| Problem::rule(Rule::UnknownRoute))?;
    let endpoints = &TABLE.shapes[*matched.value];
    let endpoint = endpoints
        .iter()
        .find(|endpoint| endpoint.method == method)
        .ok_or_else(|| Problem::with(Rule::MethodNotAllowed, &[("method", method)]))?;
    let names = endpoint
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let params = names
        .zip(matched.params.iter())
        .map(|(name, (_, value))| (name.to_owned(), decode(value)))
        .collect();
    Ok(Route {
        endpoint,
        takes_writes: endpoints.iter().any(|endpoint| endpoint.method != "GET"),
        params,
    })
}

fn collapse(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        collapsed.push('/');
        collapsed.push_str(segment);
    }
    collapsed
}

fn decode(value: &str) -> String {
    // A `+` in a path is a plus; form decoding would make it a blank.
    let kept = value.replace('+', "%2B");
    form_urlencoded::parse(kept.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str) -> Result<&'static str, String> {
        find(&["https://pay.example.com/gw".to_owned()], method, path)
            .map(|route| route.endpoint.name)
            .map_err(|problem| match problem {
                Problem::Rule { rule, .. } => format!("{rule:?}"),
                other => format!("{other:?}"),
            })
    }

    #[test]
    fn every_endpoint_of_the_contract_is_found_by_its_own_path() {
        for endpoint in ENDPOINTS {
            let path: Vec<&str> = endpoint
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { "7" } else { part })
                .collect();
            assert_eq!(
                name(endpoint.method, &path.join("/")),
                Ok(endpoint.name),
                "{}",
                endpoint.path
            );
        }
    }

    #[test]
    fn slashes_prefixes_and_methods() {
        assert_eq!(
            name("GET", "//payment/v1/card-payments/1"),
            Ok("card_payments::retrieve")
        );
        assert_eq!(
            name("GET", "/gw/payment/v1/card-payments/1"),
            Ok("card_payments::retrieve")
        );
        assert_eq!(
            name("GET", "/file-reporting/v1/payment-reports/"),
            name("GET", "/file-reporting/v1/payment-reports")
        );
        assert_eq!(
            name("GET", "//gw//payment/v1//card-payments/1//"),
            Ok("card_payments::retrieve")
        );
        assert_eq!(
            name("PATCH", "/payment/v1/card-payments"),
            Err("MethodNotAllowed".to_owned())
        );
        for nowhere in ["/nowhere", "/", "//", "", "/gw", "/gwpayment/v1/cards"] {
            assert_eq!(
                name("GET", nowhere),
                Err("UnknownRoute".to_owned()),
                "{nowhere}"
            );
        }
    }
}
