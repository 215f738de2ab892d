//! The mail server and whom it writes to.

use lettre::message::Mailbox;
use secrecy::SecretString;
use url::Url;

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

/// All of it or nothing is set.
#[derive(Clone, Debug)]
pub struct Mail {
    /// `smtps://` or `smtp://`, perhaps with a user and a password.
    pub server: SecretString,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
}

const SERVER: Setting = Setting::new(
    "mail.smtp_url",
    "PILOTHOUSE_SMTP_URL",
    "smtps://user:password@host or smtp://host:587",
    "The mail server. `smtp://` is upgraded with STARTTLS unless the server is on this machine.",
)
.secret();
const FROM: Setting =
    Setting::new("mail.from", "PILOTHOUSE_MAIL_FROM", "a mail address", "Sender of notices.");
const TO: Setting = Setting::new(
    "mail.to",
    "PILOTHOUSE_MAIL_TO",
    "mail addresses, separated by commas",
    "Who is told a week before a service account's secret expires.",
);

pub(super) static GROUP: Group = Group {
    title: "Mail",
    about: "Notices by mail. All three are set, or none.",
    settings: &[&SERVER, &FROM, &TO],
};

impl Mail {
    /// Notes a problem when only some of it is set.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let before = reader.problems.0.len();
        let server = reader.optional(&SERVER, server);
        let from = reader.optional(&FROM, |text| text.parse().ok());
        let to = reader.optional(&TO, mailboxes);
        match (server, from, to) {
            (Some(server), Some(from), Some(to)) => Some(Self { server, from, to }),
            (None, None, None) => None,
            _ => {
                if reader.problems.0.len() == before {
                    let names = GROUP.settings.iter().map(|setting| setting.variable);
                    let names = names.collect::<Vec<_>>().join(", ");
                    reader.problems.add(format!("{names}: set all of them or none"));
                }
                None
            }
        }
    }
}

fn server(text: &str) -> Option<SecretString> {
    let url = Url::parse(text).ok()?;
    let known = matches!(url.scheme(), "smtp" | "smtps") && url.has_host();
    known.then(|| SecretString::from(text))
}

fn mailboxes(text: &str) -> Option<Vec<Mailbox>> {
    let words = parse::words(text);
    let all: Option<Vec<Mailbox>> = words.iter().map(|word| word.parse().ok()).collect();
    all.filter(|all| !all.is_empty())
}
