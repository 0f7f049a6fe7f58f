//! Answers in the envelope: `data` alone or `errors` alone, with the status that the rule names.

use crate::operations::report_file::ReportFile;
use crate::problem::Problem;
use axum::body::Body;
use axum::response::Response;
use contract::cards::VerifyCardResponse;
use contract::envelope::{Errors, Failure, ProviderError, Success};
use contract::errors::{ErrorGroup, Language};
use contract::rules::Rule;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use serde::Serialize;

/// Seconds after which a request that is still undecided may be asked about again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// A status and a body.
pub(super) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON, or nothing.
    pub body: Vec<u8>,
    /// For `Retry-After`.
    pub retry_after: Option<u32>,
    /// A file in place of the body, sent while it is written.
    pub file: Option<ReportFile>,
    /// It holds a page, and with it the card, sealed: a repeat makes it anew from the request.
    pub is_page: bool,
}

impl Answer {
    /// As HTTP.
    pub(super) fn into_response(self) -> Response {
        let mut builder = Response::builder()
            .status(self.status)
            .header(CACHE_CONTROL, "no-store");
        if let Some(ReportFile { name, chunks }) = self.file {
            let name = format!("attachment; filename=\"{name}\"");
            let chunks = stream::unfold(chunks, async |mut chunks| {
                chunks.recv().await.map(|chunk| (chunk, chunks))
            });
            return builder
                .header(CONTENT_TYPE, "application/octet-stream")
                .header(CONTENT_DISPOSITION, name)
                .body(Body::from_stream(chunks))
                .unwrap_or_else(|_| Response::new(Body::empty()));
        }
        if !self.body.is_empty() {
            builder = builder.header(CONTENT_TYPE, "application/json; charset=utf-8");
        }
        if let Some(seconds) = self.retry_after {
            builder = builder.header(RETRY_AFTER, seconds);
        }
        builder
            .body(Body::from(self.body))
            .unwrap_or_else(|_| Response::new(Body::empty()))
    }
}

/// An object under `data`.
pub(super) fn object<T: Serialize>(data: T) -> Answer {
    written(200, &Success { data })
}

/// An object that holds a 3DS page.
pub(super) fn page<T: Serialize>(data: T) -> Answer {
    Answer {
        is_page: true,
        ..object(data)
    }
}

/// A card that is verified, or the page that comes before.
pub(super) fn verification(data: VerifyCardResponse) -> Answer {
    if data.html_content.is_some() {
        page(data)
    } else {
        object(data)
    }
}

/// Nothing: 204.
pub(super) fn nothing(_done: ()) -> Answer {
    Answer {
        status: 204,
        body: Vec::new(),
        retry_after: None,
        file: None,
        is_page: false,
    }
}

/// Bytes without an envelope.
pub(super) fn file(file: ReportFile) -> Answer {
    Answer {
        status: 200,
        body: Vec::new(),
        retry_after: None,
        file: Some(file),
        is_page: false,
    }
}

/// A problem under `errors`.
pub(super) fn problem(problem: &Problem, language: Language) -> Answer {
    match problem {
        Problem::Rule { rule, values } => {
            let values: Vec<(&str, &str)> = values
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let number = |wanted| {
                let of = |(name, value): &(&str, &str)| (*name == wanted).then(|| value.parse());
                values.iter().find_map(of).and_then(Result::ok)
            };
            let mut errors = Errors::of_rule(*rule, language, &values);
            errors.payment_id = number("payment");
            let mut answer = failure(rule.status(), errors);
            answer.retry_after = match rule {
                Rule::IdempotencyInFlight => Some(RETRY_AFTER_SECONDS),
                Rule::TooManyRequests => {
                    number("seconds").and_then(|seconds| seconds.try_into().ok())
                }
                _ => None,
            };
            answer
        }
        Problem::Failed {
            payment_id,
            failure: why,
        } => {
            let mut errors = Errors::of_group(why.group, language);
            errors.payment_id = *payment_id;
            if why.provider_code.is_some() || why.provider_message.is_some() {
                errors.provider_error = Some(ProviderError {
                    error_code: why.provider_code.clone().unwrap_or_default(),
                    error_message: why.provider_message.clone().unwrap_or_default(),
                });
            }
            failure(ErrorGroup::STATUS, errors)
        }
        Problem::Doubt { payment_id } => {
            let mut errors = Errors::of_group(ErrorGroup::CommunicationOrSystemError, language);
            errors.payment_id = Some(*payment_id);
            failure(ErrorGroup::STATUS, errors)
        }
        Problem::UnderWay { payment_id } => {
            let mut errors = Errors::of_rule(Rule::MoveUnderWay, language, &[]);
            errors.payment_id = Some(*payment_id);
            let mut answer = failure(Rule::MoveUnderWay.status(), errors);
            answer.retry_after = Some(RETRY_AFTER_SECONDS);
            answer
        }
        Problem::Moved => unavailable("somebody else moved first", language),
        Problem::Unavailable(why) => unavailable(why, language),
    }
}

fn unavailable(why: &str, language: Language) -> Answer {
    tracing::error!(why, "a request could not be answered");
    let mut answer = failure(
        Rule::Unavailable.status(),
        Errors::of_rule(Rule::Unavailable, language, &[]),
    );
    answer.retry_after = Some(RETRY_AFTER_SECONDS);
    answer
}

fn failure(status: u16, errors: Errors) -> Answer {
    written(status, &Failure { errors })
}

fn written<T: Serialize>(status: u16, body: &T) -> Answer {
    match serde_json::to_vec(body) {
        Ok(body) => Answer {
            status,
            body,
            retry_after: None,
            file: None,
            is_page: false,
        },
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            Answer {
                status: 500,
                body: br#"{"errors":{"errorCode":"1110","errorDescription":"System error"}}"#
                    .to_vec(),
                retry_after: None,
                file: None,
                is_page: false,
            }
        }
    }
}
