//! Identity: accounts of people, their browser sessions, OAuth clients, what was granted to them,
//! and the secrets behind all that. One file per aggregate.
//!
//! Keeps hashes and sealed texts as it gets them; knows no cryptography and no rule about who may
//! do what.

mod account;
mod browser_session;
mod client;
mod grant;
mod one_time;
mod secret;
mod signing_key;

pub use self::{
    account::{ACCOUNT_LIST_CAP, Account},
    client::{CLIENT_LIST_CAP, Client, ClientKind},
    grant::{GRANT_LIST_CAP, Grant, GrantState, RefreshOutcome},
    one_time::UseOutcome,
    secret::SECRET_LIST_CAP,
    signing_key::SigningKey,
};
