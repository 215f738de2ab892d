//! Signing in as clients do: discovery, registration, consent in a browser, tokens, and everything
//! that must not work on the way.

pub(crate) mod browser;
mod console;
mod document;
mod external;
mod flow;
mod login;
mod matrix;
mod refusal;
