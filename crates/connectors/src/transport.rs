//! The way to a platform: over the network, or into a router in this process. Both carry the same
//! HTTP and gRPC requests; nothing above this module can tell them apart.

use std::{sync::Arc, time::Duration};

use pilothouse_model::{Caller, Error};
use tokio::time::Instant;

pub mod credential;
pub(crate) mod dialect;
mod embedded;
mod failure;
mod grpc;
mod http;
mod remote;
mod response;
mod token;
mod upstream;

pub use credential::Credential;
pub(crate) use dialect::{Dialect, Refusal};
pub use embedded::Embedded;
pub(crate) use failure::{Failure, Fate};
pub use remote::{Remote, RemoteConfig};
pub use response::Response;
pub use token::ClientCredentials;

/// Where requests of one instance go. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A platform on the network.
    Remote(Arc<Remote>),
    /// A platform of this process, reached without a socket.
    Embedded(Embedded),
}

impl From<RemoteConfig> for Transport {
    fn from(config: RemoteConfig) -> Self {
        Self::Remote(Arc::new(Remote::new(config)))
    }
}

impl Transport {
    /// The error without the credential of the instance, which a platform may repeat in its words.
    pub(crate) fn concealed(&self, mut error: Error) -> Error {
        if let Self::Remote(remote) = self {
            remote.conceal(&mut error.message);
            error.hint.iter_mut().for_each(|hint| remote.conceal(hint));
        }
        error
    }
}

/// Bounds on one exchange: a request and its whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte sent to the last byte received.
    pub timeout: Duration,
    /// Largest answer accepted, in bytes after decompression.
    pub max_response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), max_response_bytes: 16 << 20 }
    }
}

/// What every exchange needs to know besides its request.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub transport: &'a Transport,
    /// How messages call the platform, for instance `tharsis`.
    pub peer: &'a str,
    pub dialect: &'a Dialect,
    pub caller: &'a Caller,
    pub limits: Limits,
}

impl Exchange<'_> {
    /// A request whose credential was refused was not acted on: where there is a newer one, it may
    /// be sent again.
    async fn renewed<T>(&self, began: Instant, answer: Result<T, Failure>) -> Result<T, Failure> {
        match (answer, self.transport) {
            (Err(mut failure), Transport::Remote(remote)) if failure.credential_refused => {
                if remote.renew(began).await? {
                    failure.fate = Fate::NotActedOn;
                }
                Err(failure)
            }
            (answer, _) => answer,
        }
    }
}
