//! Answers that a tester ordered late: the page that leads back to the shop is kept until its time
//! has come, and the browser asks for it again by itself, also without scripts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use minijinja::context;

use super::language::Language;
use super::otp::dead_end_page;
use super::render::{Brand, POLICY, frame, page, protect};
use super::words;
use crate::seal::{random, same, upper_hex};

/// The longest that an answer can be ordered late.
pub(crate) const MAX_SECONDS: u64 = 600;
/// So many are kept; the oldest gives way.
const MAX_PAGES: usize = 500;
/// A browser that comes this early is kept waiting rather than sent away again.
const EARLY: Duration = Duration::from_secs(1);

/// Answers that wait for their time, in memory: a restart forgets them.
#[derive(Default)]
pub(crate) struct Held {
    pages: Mutex<VecDeque<Page>>,
}

#[derive(Clone)]
struct Page {
    id: String,
    due: Instant,
    brand: Brand,
    language: Language,
    html: String,
}

impl Held {
    /// Keeps a page for so many seconds, and answers where the browser finds it.
    pub(crate) fn keep(
        &self,
        seconds: u64,
        brand: Brand,
        language: Language,
        html: String,
    ) -> Option<String> {
        let id = upper_hex(&random::<16>().ok()?);
        let mut pages = self.lock();
        if pages.len() >= MAX_PAGES {
            pages.pop_front();
        }
        pages.push_back(Page {
            id: id.clone(),
            due: Instant::now() + Duration::from_secs(seconds.min(MAX_SECONDS)),
            brand,
            language,
            html,
        });
        Some(format!("/bank/late/{id}"))
    }

    fn find(&self, id: &str) -> Option<Page> {
        let pages = self.lock();
        let known = |page: &&Page| same(page.id.as_bytes(), id.as_bytes());
        pages.iter().find(known).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page that was kept, or how long it still takes.
pub(crate) async fn show(State(held): State<Arc<Held>>, Path(id): Path<String>) -> Response {
    let Some(held) = held.find(&id) else {
        let language = Language::Turkish;
        let why = words::of(language).held_unknown;
        return dead_end_page(StatusCode::NOT_FOUND, Brand::PLAIN, language, why);
    };
    let left = held.due.saturating_duration_since(Instant::now());
    if left > EARLY {
        return waiting(&held, left);
    }
    tokio::time::sleep(left).await;
    let mut response = Html(held.html).into_response();
    protect(response.headers_mut(), POLICY);
    response
}

fn waiting(held: &Page, left: Duration) -> Response {
    let words = words::of(held.language);
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let context = context! {
        title => words.late_title,
        text => format!("{} {seconds} {}", words.late_before, words.late_after),
        expected_title => words.expected_title,
        expected => words.late_expected,
        refresh => seconds,
        ..frame(words, held.brand)
    };
    page(StatusCode::OK, "notice.html", &context, POLICY)
}
