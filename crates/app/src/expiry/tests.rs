//! Notices, against a mail server that listens on a port of this process.

use std::sync::{Arc, Mutex};

use lettre::message::Mailbox;
use pilothouse_access::service_account::new_secret;
use pilothouse_store::{
    access::ServiceAccount,
    terraform::{Group, Meta},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::config;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const DAY: Duration = Duration::from_hours(24);

/// Speaks SMTP and keeps what it was sent.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<String>>>);

impl Sink {
    async fn start(&self) -> Mail {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://jo:p%40ss@{}", listener.local_addr().unwrap());
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                sink.talk(connection).await;
            }
        });
        let mailbox = |text: &str| text.parse::<Mailbox>().unwrap();
        Mail::new(&config::Mail {
            server: url.into(),
            from: mailbox("Pilothouse <ops@example.com>"),
            to: vec![mailbox("jo@example.com"), mailbox("al@example.com")],
        })
        .unwrap()
    }

    async fn talk(&self, connection: TcpStream) {
        let (read, mut write) = connection.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 sink\r\n").await.unwrap();
        let mut conversation = String::new();
        let mut in_mail = false;
        while let Ok(Some(line)) = lines.next_line().await {
            conversation.push_str(&line);
            conversation.push('\n');
            let word = line.split(' ').next().unwrap_or_default();
            let answer = match (in_mail, word) {
                (true, ".") => {
                    in_mail = false;
                    self.0.lock().unwrap().push(std::mem::take(&mut conversation));
                    "250 kept\r\n"
                }
                (true, _) => continue,
                (false, "EHLO") => "250-sink\r\n250 AUTH PLAIN\r\n",
                (false, "AUTH") => "235 welcome\r\n",
                (false, "DATA") => {
                    in_mail = true;
                    "354 go on\r\n"
                }
                (false, "QUIT") => "221 bye\r\n",
                (false, _) => "250 ok\r\n",
            };
            write.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    fn mails(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A store with `acme/ci`, whose secret ends ten days from now.
async fn store() -> Store {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let group = Group {
        meta: Meta::new(NOW),
        name: "acme".into(),
        description: String::new(),
        parent_id: None,
        created_by: "jo".into(),
        path: "acme".into(),
    };
    store.group_create(&group, 10).await.unwrap();
    let account = ServiceAccount {
        meta: Meta::new(NOW),
        name: "ci".into(),
        description: String::new(),
        group_id: group.meta.id,
        group_path: group.path,
        created_by: "jo".into(),
        disabled: false,
        trust_policies: Vec::new(),
        client_credentials: true,
    };
    let (secret, _text) = new_secret(&account.meta.id, Some(NOW.after(DAY * 10)), NOW).unwrap();
    store.service_account_create(&account, Some(&secret), 10).await.unwrap();
    store
}

#[tokio::test]
async fn a_secret_is_announced_once_a_week_before_its_end() {
    let (sink, store) = (Sink::default(), store().await);
    let mail = sink.start().await;
    let due = NOW.after(DAY * 3);
    assert_eq!(round(&store, &mail, NOW).await.unwrap(), Some(due));
    assert_eq!(sink.mails().len(), 0);
    assert_eq!(round(&store, &mail, due).await.unwrap(), None);
    assert_eq!(round(&store, &mail, due.after(LEASE * 2)).await.unwrap(), None);
    let [mail] = &sink.mails()[..] else { panic!("one mail: {:#?}", sink.mails()) };
    let expires = NOW.after(DAY * 10).to_string();
    for part in [
        "RCPT TO:<jo@example.com>",
        "RCPT TO:<al@example.com>",
        "AUTH PLAIN AGpvAHBAc3M=",
        "service account acme/ci expires",
        "pilothouse accounts service rotate acme/ci",
        &expires,
    ] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
}

#[tokio::test]
async fn a_notice_that_could_not_be_sent_is_tried_again() {
    let (sink, store) = (Sink::default(), store().await);
    let deaf = Mail::new(&config::Mail {
        server: "smtp://127.0.0.1:1".into(),
        from: "ops@example.com".parse().unwrap(),
        to: vec!["jo@example.com".parse().unwrap()],
    });
    let due = NOW.after(DAY * 3);
    let error = round(&store, &deaf.unwrap(), due).await.unwrap_err();
    assert!(error.message.contains("did not take"), "{error}");
    let mail = sink.start().await;
    round(&store, &mail, due).await.unwrap();
    assert_eq!(sink.mails().len(), 0, "the lease of the first attempt");
    round(&store, &mail, due.after(LEASE)).await.unwrap();
    assert_eq!(sink.mails().len(), 1);
}
