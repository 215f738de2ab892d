//! Secrets that must be readable again: sealed with AES-256-GCM under a master key that is not in
//! the database.
//!
//! A sealed value is bound to its name, so that one cannot be put in another's place.

mod data_key;
mod keyring;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::Store;

pub use self::data_key::DataKey;
use self::keyring::{Keyring, OpenError};

/// Where the master key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// This file, made when there is none.
    File(PathBuf),
    /// Base64 keys separated by commas: the first one seals, all of them open.
    Text(Arc<str>),
}

impl KeySource {
    /// The usual file under the data directory.
    pub fn in_directory(data: &Path) -> Self {
        Self::File(data.join("master.key"))
    }
}

/// Seals, opens and keeps secrets. The key is read when the first secret is needed.
pub struct Vault {
    store: Store,
    source: KeySource,
    keyring: RwLock<Option<Arc<Keyring>>>,
}

impl Vault {
    pub fn new(store: Store, source: KeySource) -> Self {
        Self { store, source, keyring: RwLock::default() }
    }

    /// The secret kept under `name`.
    pub async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.store.secret_get(name).await? {
            Some(sealed) => self.open(name, &sealed).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps `secret` under `name`, in place of what was there.
    pub async fn put(&self, name: &str, secret: &[u8], now: Timestamp) -> Result<(), Error> {
        let sealed = self.seal(name, secret)?;
        Ok(self.store.secret_put(name, &sealed, now).await?)
    }

    /// False when there was none.
    pub async fn delete(&self, name: &str) -> Result<bool, Error> {
        Ok(self.store.secret_delete(name).await?)
    }

    /// `secret` as text that may be shown to anybody.
    pub fn seal(&self, name: &str, secret: &[u8]) -> Result<String, Error> {
        self.keyring()?.seal(name, secret)
    }

    /// The opposite of [`Vault::seal`] under the same name.
    pub fn open(&self, name: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        match self.keyring()?.open(name, sealed) {
            // Another process may have rotated the key since we read it.
            Err(OpenError::UnknownKey(_)) => self.reload()?.open(name, sealed),
            opened => opened,
        }
        .map_err(|error| Error::internal(error).hint("the master key does not fit the database"))
    }

    /// Makes a new master key and seals every kept secret with it; returns how many. A key from
    /// the environment is not made here: everything is sealed with the first one given.
    pub async fn rotate_key(&self, now: Timestamp) -> Result<usize, Error> {
        let mut keyring = Keyring::load(&self.source)?;
        if let KeySource::File(path) = &self.source {
            keyring = keyring.with_new_key()?;
            keyring.write(path)?;
        }
        let keyring = self.replace(keyring);
        let count = self.seal_again(&keyring, now).await?;
        if let KeySource::File(path) = &self.source {
            let newest = keyring.newest_only();
            newest.write(path)?;
            self.replace(newest);
        }
        Ok(count)
    }

    async fn seal_again(&self, keyring: &Keyring, now: Timestamp) -> Result<usize, Error> {
        let (mut count, mut after) = (0, String::new());
        loop {
            let page = self.store.secret_list(&after).await?;
            let Some((last, _)) = page.last() else { return Ok(count) };
            after.clone_from(last);
            for (name, sealed) in page {
                count += usize::from(self.seal_one_again(keyring, &name, sealed, now).await?);
            }
        }
    }

    async fn seal_one_again(
        &self,
        keyring: &Keyring,
        name: &str,
        mut sealed: String,
        now: Timestamp,
    ) -> Result<bool, Error> {
        loop {
            let secret = keyring.open(name, &sealed).map_err(Error::internal)?;
            let again = keyring.seal(name, &secret)?;
            if self.store.secret_replace(name, &sealed, &again, now).await? {
                return Ok(true);
            }
            // Somebody wrote another value meanwhile, perhaps with the old key.
            let Some(current) = self.store.secret_get(name).await? else { return Ok(false) };
            sealed = current;
        }
    }

    fn keyring(&self) -> Result<Arc<Keyring>, Error> {
        let read = self.keyring.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        read.map_or_else(|| self.reload(), Ok)
    }

    fn reload(&self) -> Result<Arc<Keyring>, Error> {
        Ok(self.replace(Keyring::load(&self.source)?))
    }

    fn replace(&self, keyring: Keyring) -> Arc<Keyring> {
        let keyring = Arc::new(keyring);
        let mut slot = self.keyring.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *slot = Some(Arc::clone(&keyring));
        keyring
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1);

    async fn setup() -> (tempfile::TempDir, Store, Vault) {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open("sqlite::memory:").await.unwrap();
        let vault = Vault::new(store.clone(), KeySource::in_directory(data.path()));
        (data, store, vault)
    }

    #[tokio::test]
    async fn a_secret_comes_back_and_is_not_in_the_database() {
        let (_data, store, vault) = setup().await;
        vault.put("a", b"planted-secret", NOW).await.unwrap();
        assert_eq!(vault.get("a").await.unwrap().unwrap(), b"planted-secret");
        let sealed = store.secret_get("a").await.unwrap().unwrap();
        assert!(!sealed.contains("planted"), "{sealed}");

        assert!(vault.open("b", &sealed).is_err(), "a value is bound to its name");
        let mut tampered = sealed.clone();
        let last = tampered.pop().unwrap();
        tampered.push(if last == 'A' { 'B' } else { 'A' });
        assert!(vault.open("a", &tampered).is_err());
        for broken in ["", "v1", "v1..", "v1.00000000.", "v9.00000000.AAAA"] {
            assert!(vault.open("a", broken).is_err(), "{broken:?}");
        }
        assert!(vault.delete("a").await.unwrap());
        assert_eq!(vault.get("a").await.unwrap(), None);
    }

    #[tokio::test]
    async fn rotation_seals_everything_again_and_a_running_server_follows() {
        let (data, store, running) = setup().await;
        for name in ["a", "b", "c"] {
            running.put(name, name.as_bytes(), NOW).await.unwrap();
        }
        let file = data.path().join("master.key");
        let (key, sealed) =
            (std::fs::read_to_string(&file).unwrap(), store.secret_get("a").await.unwrap());

        let command = Vault::new(store.clone(), KeySource::in_directory(data.path()));
        assert_eq!(command.rotate_key(NOW).await.unwrap(), 3);
        assert_ne!(std::fs::read_to_string(&file).unwrap(), key);
        assert_ne!(store.secret_get("a").await.unwrap(), sealed);
        assert_eq!(running.get("b").await.unwrap().unwrap(), b"b");

        let old = Vault::new(store, KeySource::Text(key.trim().into()));
        assert!(old.get("a").await.is_err(), "the old key opens nothing more");
    }

    #[tokio::test]
    async fn the_data_key_outlives_the_master_key() {
        use pilothouse_store::Sealer as _;
        let (_data, _store, vault) = setup().await;
        let sealed = vault.data_key(NOW).await.unwrap().seal("state", b"x").unwrap();
        vault.rotate_key(NOW).await.unwrap();
        let again = vault.data_key(NOW).await.unwrap();
        assert_eq!(again.open("state", &sealed).unwrap(), b"x");
        assert!(again.open("other", &sealed).is_err(), "a value is bound to its name");
    }

    #[tokio::test]
    async fn a_key_from_the_environment_seals_with_its_first_part() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let (new, old) = (
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "HxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4=",
        );
        let before = Vault::new(store.clone(), KeySource::Text(old.into()));
        before.put("a", b"x", NOW).await.unwrap();
        let both = Vault::new(store.clone(), KeySource::Text(format!("{new},{old}").into()));
        assert_eq!(both.get("a").await.unwrap().unwrap(), b"x");
        assert_eq!(both.rotate_key(NOW).await.unwrap(), 1);
        let after = Vault::new(store.clone(), KeySource::Text(new.into()));
        assert_eq!(after.get("a").await.unwrap().unwrap(), b"x");
        for wrong in ["", "short", "AAECAw=="] {
            let vault = Vault::new(store.clone(), KeySource::Text(wrong.into()));
            assert!(vault.seal("a", b"x").is_err(), "{wrong:?}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let (data, _, vault) = setup().await;
        vault.seal("a", b"").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(data.path().join("master.key")), 0o600);
        vault.rotate_key(NOW).await.unwrap();
        assert_eq!(mode(data.path().join("master.key")), 0o600);
    }
}
