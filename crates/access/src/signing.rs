//! The keys that sign access tokens: Ed25519, made when first needed, private halves in the vault.
//!
//! A retired key signs nothing more and verifies until the last token it signed has expired.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::{Store, identity::SigningKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::vault::Vault;

/// How long a retired key still verifies: longer than any token lives.
pub const RETIREMENT: Duration = Duration::from_hours(2);
/// How often at most an unknown key id makes us look into the database.
const RELOAD_EVERY: Duration = Duration::from_secs(1);

/// How old our knowledge of the keys may be: another process may have made a new one.
const FRESH: Duration = Duration::from_mins(5);

pub(crate) struct KeySet {
    pub(crate) id: String,
    pub(crate) sign: EncodingKey,
    verify: HashMap<String, DecodingKey>,
    /// Public keys for others.
    published: Vec<(String, String)>,
    loaded_at: Timestamp,
}

/// All signing keys, read once and again when a token names one that we have not seen.
pub struct SigningKeys {
    store: Store,
    vault: Arc<Vault>,
    keys: RwLock<Option<Arc<KeySet>>>,
}

impl SigningKeys {
    pub fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self { store, vault, keys: RwLock::default() }
    }

    /// The set that signs now.
    pub(crate) async fn current(&self, now: Timestamp) -> Result<Arc<KeySet>, Error> {
        match self.cached() {
            Some(keys) if now.since(keys.loaded_at) < FRESH => Ok(keys),
            _ => self.load(now).await,
        }
    }

    /// The key `id`, if it verifies at `now`.
    pub(crate) async fn verifier(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<DecodingKey>, Error> {
        let keys = self.current(now).await?;
        if let Some(key) = keys.verify.get(id) {
            return Ok(Some(key.clone()));
        }
        if now.since(keys.loaded_at) < RELOAD_EVERY {
            return Ok(None);
        }
        Ok(self.load(now).await?.verify.get(id).cloned())
    }

    /// Public keys as a JSON Web Key Set.
    pub async fn published(&self, now: Timestamp) -> Result<Value, Error> {
        let keys = self.load(now).await?;
        let keys: Vec<_> = keys
            .published
            .iter()
            .map(|(id, x)| {
                json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": id, "x": x,
                })
            })
            .collect();
        Ok(json!({ "keys": keys }))
    }

    /// Makes a new key that signs from now on, retires the others and forgets the long retired.
    pub async fn rotate(&self, now: Timestamp) -> Result<String, Error> {
        let fresh = Fresh::make()?;
        self.vault.put(&secret_name(&fresh.id), &fresh.private, now).await?;
        self.store.signing_key_rotate(&fresh.id, &fresh.public, now).await?;
        let oldest = Timestamp(
            now.0.saturating_sub(i64::try_from(RETIREMENT.as_millis()).unwrap_or(i64::MAX)),
        );
        for gone in self.store.signing_key_purge(oldest).await? {
            self.vault.delete(&secret_name(&gone)).await?;
        }
        self.load(now).await?;
        Ok(fresh.id)
    }

    fn cached(&self) -> Option<Arc<KeySet>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn load(&self, now: Timestamp) -> Result<Arc<KeySet>, Error> {
        let mut rows = self.store.signing_key_list().await?;
        if rows.iter().all(|row| row.retired_at.is_some()) {
            self.make_first(now).await?;
            rows = self.store.signing_key_list().await?;
        }
        let keys = Arc::new(self.key_set(&rows, now).await?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }

    async fn make_first(&self, now: Timestamp) -> Result<(), Error> {
        let fresh = Fresh::make()?;
        self.vault.put(&secret_name(&fresh.id), &fresh.private, now).await?;
        if !self.store.signing_key_create_first(&fresh.id, &fresh.public, now).await? {
            self.vault.delete(&secret_name(&fresh.id)).await?;
        }
        Ok(())
    }

    async fn key_set(&self, rows: &[SigningKey], now: Timestamp) -> Result<KeySet, Error> {
        let signing = rows
            .iter()
            .find(|row| row.retired_at.is_none())
            .ok_or_else(|| Error::internal("no signing key"))?;
        let private = self.vault.get(&secret_name(&signing.id)).await?.ok_or_else(|| {
            Error::internal(format!("the private half of signing key {} is missing", signing.id))
        })?;
        let verifies = |row: &&SigningKey| {
            row.retired_at.is_none_or(|retired| now.since(retired) < RETIREMENT)
        };
        let mut verify = HashMap::new();
        let mut published = Vec::new();
        for row in rows.iter().filter(verifies) {
            let key = DecodingKey::from_ed_components(&row.public).map_err(Error::internal)?;
            verify.insert(row.id.clone(), key);
            published.push((row.id.clone(), row.public.clone()));
        }
        let sign = EncodingKey::from_ed_der(&private);
        Ok(KeySet { id: signing.id.clone(), sign, verify, published, loaded_at: now })
    }
}

struct Fresh {
    id: String,
    private: Vec<u8>,
    public: String,
}

impl Fresh {
    fn make() -> Result<Self, Error> {
        let pair =
            Ed25519KeyPair::generate().map_err(|error| Error::internal(error.to_string()))?;
        let document = pair.to_pkcs8().map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self {
            id: Uuid::now_v7().simple().to_string(),
            private: document.as_ref().to_vec(),
            public: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
        })
    }
}

fn secret_name(id: &str) -> String {
    format!("signing_key/{id}")
}
