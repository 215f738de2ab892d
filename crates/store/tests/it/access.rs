//! Memberships, service accounts and API keys.

mod api_key;
mod membership;
mod service_account;
mod team;
