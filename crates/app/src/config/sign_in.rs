//! How people and clients prove who they are, beside accounts of our own.

use pilothouse_access::oauth::document::Reach;

use super::{
    reader::Reader,
    server::Server,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct SignIn {
    /// Where clients may describe themselves; `None` takes no such client.
    pub client_documents: Option<Reach>,
}

const CLIENT_DOCUMENTS: Setting = Setting::new(
    "sign_in.client_documents",
    "PILOTHOUSE_CLIENT_DOCUMENTS",
    "public, off or loopback",
    "Whether OAuth clients may be known by the address of a document about them. `loopback` also \
     takes documents from this machine over plain http, for those who develop a client; it is \
     refused unless `serve` is reachable from this machine only.",
);

pub(super) static GROUP: Group = Group {
    title: "Signing in",
    about: "How people and clients prove who they are, beside accounts of our own.",
    settings: &[&CLIENT_DOCUMENTS],
};

impl SignIn {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let client_documents = reader.required(&CLIENT_DOCUMENTS, reach);
        Some(Self { client_documents: client_documents? })
    }

    /// What must not be combined with how we are reached.
    pub(super) fn check(&self, server: &Server, reader: &mut Reader<'_>) {
        let private =
            server.listen.ip().is_loopback() && !server.behind_proxy && server.public_url.is_none();
        if self.client_documents == Some(Reach::Loopback) && !private {
            reader.problems.add(format!(
                "{} is loopback, which is for development; others can reach this server, so it \
                 must be public or off",
                CLIENT_DOCUMENTS.variable
            ));
        }
    }
}

#[expect(clippy::option_option, reason = "the outer one says whether the text is valid")]
fn reach(text: &str) -> Option<Option<Reach>> {
    match text {
        "public" => Some(Some(Reach::Public)),
        "loopback" => Some(Some(Reach::Loopback)),
        "off" => Some(None),
        _ => None,
    }
}
