//! Sends mail to the people who operate this installation.

use std::{net::IpAddr, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use percent_encoding::percent_decode_str;
use pilothouse_model::Error;
use secrecy::ExposeSecret as _;
use url::Url;

use crate::config;

/// For one mail, from connecting to the server's last word.
const TIMEOUT: Duration = Duration::from_secs(30);

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Knows one server and whom to write to.
pub(crate) struct Mail {
    transport: Transport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    /// Connects when there is something to send.
    pub(crate) fn new(config: &config::Mail) -> Result<Self, Error> {
        let url: Url = config.server.expose_secret().parse().map_err(Error::internal)?;
        Ok(Self { transport: transport(&url)?, from: config.from.clone(), to: config.to.clone() })
    }

    pub(crate) async fn send(&self, subject: &str, text: &str) -> Result<(), Error> {
        let mut message = Message::builder().from(self.from.clone()).subject(subject);
        for to in &self.to {
            message = message.to(to.clone());
        }
        let message = message
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(Error::internal)?;
        self.transport.send(message).await.map_err(|error| {
            Error::unavailable("the mail server did not take a mail")
                .hint("check PILOTHOUSE_SMTP_URL")
                .source(error)
        })?;
        Ok(())
    }
}

/// Over TLS, unless the server is on this machine.
fn transport(url: &Url) -> Result<Transport, Error> {
    let host = url.host_str().unwrap_or_default();
    // In an address of this scheme the host is a text, whatever it looks like.
    let is_loopback = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    let builder = match url.scheme() {
        "smtps" => Transport::relay(host),
        _ if is_loopback => Ok(Transport::builder_dangerous(host)),
        _ => Transport::starttls_relay(host),
    };
    let mut builder = builder.map_err(Error::internal)?.timeout(Some(TIMEOUT));
    if let Some(port) = url.port() {
        builder = builder.port(port);
    }
    if let Some(password) = url.password() {
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        builder = builder.credentials(Credentials::new(decoded(url.username()), decoded(password)));
    }
    Ok(builder.build())
}
