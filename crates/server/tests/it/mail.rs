//! Links by mail, seen from a mail server's side.

use crate::panel::{PASSWORD, Panel};
use crate::shop::Shop;
use contract::card::Secret;
use server::operations::Role;
use server::operations::people::Link;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// A mail server that keeps what it is given. RFC 5321, as little as a client needs.
async fn mail_server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let mails = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&mails);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 test\r\n").await.unwrap();
                let (mut mail, mut in_mail) = (String::new(), false);
                while let Ok(Some(line)) = lines.next_line().await {
                    let answer: &[u8] = match (in_mail, line.as_str()) {
                        (true, ".") => {
                            in_mail = false;
                            kept.lock().unwrap().push(std::mem::take(&mut mail));
                            b"250 kept\r\n"
                        }
                        (true, text) => {
                            mail.push_str(text);
                            mail.push('\n');
                            b""
                        }
                        (false, "DATA") => {
                            in_mail = true;
                            b"354 go\r\n"
                        }
                        (false, "QUIT") => b"221 bye\r\n",
                        (false, _) => b"250 ok\r\n",
                    };
                    write.write_all(answer).await.unwrap();
                }
            });
        }
    });
    (url, mails)
}

/// The link in a mail: quoted-printable breaks long lines with `=`.
fn link_in(mail: &str) -> String {
    let text = mail.replace("=\n", "");
    let (_, rest) = text.split_once("/panel/link/").unwrap();
    rest.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect()
}

async fn arrived(mails: &Mutex<Vec<String>>, count: usize) -> Vec<String> {
    for _ in 0..100 {
        let now = mails.lock().unwrap().clone();
        if now.len() >= count {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no mail came");
}

#[tokio::test]
async fn links_are_mailed_and_a_forgotten_password_tells_nobody_anything() {
    let (url, mails) = mail_server().await;
    let shop = Shop::with(|config| {
        config.smtp = Some((url, "Galata <galata@example.com>".to_owned()));
    })
    .await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let fields = [("email", "ayse@example.com"), ("role", "FINANCE")];
    owner
        .post("/panel/people", &fields)
        .await
        .ok()
        .has("e-posta ile de gönderildi");
    let mail = arrived(&mails, 1).await.remove(0);
    assert!(mail.contains("ayse@example.com"), "{mail}");
    let mut invited = Panel::new(&shop);
    let link = Link {
        token: Secret::new(link_in(&mail)),
        email: String::new(),
    };
    invited.choose_password(&link).await.leads_to("/panel");

    // Known, unknown and asked again at once: the same page, and one mail.
    let mut pages = Vec::new();
    for email in [
        "ayse@example.com",
        "nobody@example.com",
        "ayse@example.com",
        "no address",
    ] {
        let mut guest = Panel::new(&shop);
        let page = guest.post("/panel/forgot", &[("email", email)]).await.ok();
        pages.push(page.text);
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    let mail = arrived(&mails, 2).await.remove(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(mails.lock().unwrap().len(), 2);
    let mut again = Panel::new(&shop);
    let link = Link {
        token: Secret::new(link_in(&mail)),
        email: String::new(),
    };
    again.choose_password(&link).await.leads_to("/panel");
    // Whoever had a session had it by the old password.
    assert_eq!(invited.get("/panel/account").await.status, 303);
    invited
        .sign_in_as("ayse@example.com", PASSWORD, "")
        .await
        .leads_to("/panel");
}
