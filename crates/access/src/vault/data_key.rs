//! The key that seals what the store holds: variables, states, plan files.
//!
//! It is a secret of the vault itself, so a new master key seals one small value anew instead of
//! every state. It never changes: what was sealed stays readable.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::Sealer;

use super::{KeySource, Vault, keyring::Keyring};

const NAME: &str = "data_key";

/// Seals for the store.
pub struct DataKey(Keyring);

impl Vault {
    /// The data key, made when there is none.
    pub async fn data_key(&self, now: Timestamp) -> Result<DataKey, Error> {
        if let Some(key) = self.get(NAME).await? {
            return DataKey::new(&key);
        }
        let mut fresh = [0_u8; 32];
        rand::fill(&mut fresh).map_err(|error| Error::internal(error.to_string()))?;
        // Of several processes that start at once, the first one decides.
        self.store.secret_create(NAME, &self.seal(NAME, &fresh)?, now).await?;
        let key = self.get(NAME).await?.ok_or_else(|| Error::internal("no data key"))?;
        DataKey::new(&key)
    }
}

impl DataKey {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let text = STANDARD.encode(key);
        Ok(Self(Keyring::load(&KeySource::Text(text.into()))?))
    }
}

impl Sealer for DataKey {
    fn seal(&self, name: &str, secret: &[u8]) -> Result<String, Error> {
        self.0.seal(name, secret)
    }

    fn open(&self, name: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        let opened = self.0.open(name, sealed);
        opened
            .map_err(|error| Error::internal(error).hint("the data key does not fit the database"))
    }
}
