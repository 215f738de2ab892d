//! How to reach one Tharsis. The caller reads these from its configuration; nothing here touches
//! the environment.

use std::fmt;

use pilothouse_model::Result;
use secrecy::SecretString;

use crate::transport::{ClientCredentials, Credential, RemoteConfig};

/// One remote installation.
#[derive(Clone)]
pub struct TharsisConfig {
    /// `THARSIS_ENDPOINT`: address of the API, for instance `https://tharsis.example.com`.
    pub endpoint: String,
    /// `THARSIS_GRPC_ENDPOINT`: address of its gRPC port, if gRPC is not served at the same one.
    pub grpc_endpoint: Option<String>,
    /// `THARSIS_STATIC_TOKEN`: what to show it.
    pub token: Option<SecretString>,
    /// `THARSIS_CLIENT_ID` and `THARSIS_CLIENT_SECRET`: a service account, instead of a token.
    pub client: Option<(String, SecretString)>,
    /// The text of `THARSIS_CA_FILE`: certificate authorities to trust besides the well-known.
    pub certificate_authority: Option<Vec<u8>>,
    /// `THARSIS_ALLOW_PLAINTEXT`: `http` to another machine is permitted.
    pub allow_plaintext: bool,
}

impl TharsisConfig {
    /// # Errors
    /// When an address is not one, or would send the token in the clear.
    pub fn remote(self) -> Result<RemoteConfig> {
        let credential = self.token.map_or(Credential::None, Credential::Bearer);
        let mut remote = RemoteConfig::new(&self.endpoint, credential, self.allow_plaintext)?;
        if let Some(grpc) = &self.grpc_endpoint {
            remote = remote.grpc_url(grpc, self.allow_plaintext)?;
        }
        if let Some((id, secret)) = self.client {
            remote = remote.client_credentials(ClientCredentials::new(id, secret));
        }
        if let Some(pem) = self.certificate_authority {
            remote = remote.certificate_authority(&pem)?;
        }
        Ok(remote)
    }
}

impl fmt::Debug for TharsisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TharsisConfig")
            .field("endpoint", &self.endpoint)
            .field("grpc_endpoint", &self.grpc_endpoint)
            .field("allow_plaintext", &self.allow_plaintext)
            .finish_non_exhaustive()
    }
}
