//! How one platform words its answers: what its errors mean, and which of them pass.

use http::StatusCode;
use pilothouse_model::{Error, Kind};
use serde_json::Value;
use url::Url;

use super::upstream;

/// What differs from platform to platform in the reading of an answer.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What the body of an unsuccessful answer says, if not in one of the usual fields.
    pub refusal: fn(StatusCode, &Value) -> Option<Refusal>,
    /// What an answer says that is an error although its status is that of a success.
    pub disguised: fn(&Value) -> Option<Refusal>,
    /// 500 says that something went wrong for the moment, so that a read may be repeated.
    pub server_error_passes: bool,
    /// Links to a file that every installation serves under its own address.
    pub is_mirrored: fn(&Url) -> bool,
}

/// The platform's own words. What it leaves open follows from the status.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub message: String,
    pub kind: Option<Kind>,
    pub hint: Option<String>,
}

impl Dialect {
    /// A platform without words of its own.
    pub(crate) const PLAIN: Self = Self {
        refusal: |_, _| None,
        disguised: |_| None,
        server_error_passes: false,
        is_mirrored: |_| false,
    };

    /// The error that an answer of `peer` is, if it is one in disguise.
    pub(crate) fn disguise(&self, peer: &str, answer: &Value) -> Option<Error> {
        let refusal = (self.disguised)(answer)?;
        let said = upstream::safe(&refusal.message);
        let text = format!("{peer} refused: {said}");
        let mut error =
            Error::new(refusal.kind.unwrap_or(Kind::Upstream), text).answered(None, said);
        error.hint = refusal.hint;
        Some(error)
    }
}
