//! Mail to people: links to choose a password, and nothing else.

use contract::errors::Language;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// A mail server should take a message in this time.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Characters of a person's address (RFC 5321).
pub const ADDRESS_MAX: usize = 254;

/// An address as it is stored: in lower case. `None` when it is none.
pub fn normal_address(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.split_once('@')?;
    let plain = text
        .chars()
        .all(|c| c.is_alphanumeric() || ".@+-_".contains(c));
    let fits = plain && text.len() <= ADDRESS_MAX && !name.is_empty() && !host.is_empty();
    (fits && !host.contains('@')).then_some(text)
}

/// A mail server and whom mail comes from.
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mail {
    /// `smtps://user:password@host:465` or `smtp://host:25?tls=required`. The error never holds the
    /// password.
    pub fn open(url: &str, from: &str) -> Result<Mail, &'static str> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| "the mail server's URL cannot be read")?
            .timeout(Some(TIMEOUT))
            .build();
        let from = from
            .parse()
            .map_err(|_| "the sender's mail address cannot be read")?;
        Ok(Mail { server, from })
    }

    /// Whether the server takes us: connects, greets, and signs in where the URL has a user.
    pub async fn check(&self) -> Result<(), &'static str> {
        match self.server.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the mail server does not answer as one"),
            Err(error) if error.is_permanent() || error.is_transient() => {
                Err("the mail server refuses us")
            }
            Err(error) if error.is_timeout() => Err("the mail server does not answer in time"),
            Err(_) => Err("there is no connection to the mail server"),
        }
    }

    /// Sends a person the link to choose a password. False when the server did not take it; the
    /// reason is in the log.
    pub async fn send_link(&self, language: Language, to: &str, url: &str) -> bool {
        let (subject, text) = match language {
            Language::Tr => (
                "Galata: şifrenizi seçin",
                format!(
                    "Merhaba,\n\nŞifrenizi bu adreste seçebilirsiniz:\n\n{url}\n\nBağlantı bir kez, 24 saat içinde kullanılabilir. Bunu siz istemediyseniz bir şey yapmanız gerekmez.\n"
                ),
            ),
            Language::En => (
                "Galata: choose your password",
                format!(
                    "Hello,\n\nyou can choose your password here:\n\n{url}\n\nThe link works once, within 24 hours. If you did not ask for it, there is nothing to do.\n"
                ),
            ),
        };
        let Ok(to) = to.parse::<Mailbox>() else {
            return false;
        };
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text);
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, "a mail could not be written");
                return false;
            }
        };
        match self.server.send(message).await {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(%error, "the mail server did not take a mail");
                false
            }
        }
    }
}
