//! Master keys: one that seals, and during a rotation the one before it.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use pilothouse_model::Error;

use super::KeySource;

const KEY_BYTES: usize = 32;
const VERSION: &str = "v1";
/// Gives a key's public name, which says nothing about the key.
const ID_CONTEXT: &str = "pilothouse 2026 master key id";

/// Why a sealed value does not open.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("a secret was sealed with master key {0}, which is not at hand")]
    UnknownKey(String),
    #[error("a sealed secret is damaged or was sealed under another name")]
    Damaged,
}

struct MasterKey {
    id: String,
    bytes: [u8; KEY_BYTES],
    cipher: RandomizedNonceKey,
}

/// The keys at hand, the one that seals first.
pub(super) struct Keyring(Vec<MasterKey>);

impl Keyring {
    pub(super) fn load(source: &KeySource) -> Result<Self, Error> {
        match source {
            KeySource::Text(text) => Self::parse(text, "the master key in the environment"),
            KeySource::File(path) => match fs::read_to_string(path) {
                Ok(text) => Self::parse(&text, &path.display().to_string()),
                Err(error) if error.kind() == ErrorKind::NotFound => Self::create(path),
                Err(error) => Err(unusable(path, error)),
            },
        }
    }

    fn parse(text: &str, origin: &str) -> Result<Self, Error> {
        let keys: Option<Vec<_>> =
            text.split([',', '\n']).map(str::trim).filter(|key| !key.is_empty()).map(key).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => Err(Error::invalid(format!("{origin} is not 32 bytes in base64"))
                .hint("restore it from a backup, or make one with: openssl rand -base64 32")),
        }
    }

    /// Of several processes that start at once, the one that makes the file wins.
    fn create(path: &Path) -> Result<Self, Error> {
        let keyring = Self(vec![fresh()?]);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        match keyring.write_with(&mut options, path) {
            Ok(()) => Ok(keyring),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let text = fs::read_to_string(path).map_err(|error| unusable(path, error))?;
                Self::parse(&text, &path.display().to_string())
            }
            Err(error) => Err(unusable(path, error)),
        }
    }

    pub(super) fn with_new_key(mut self) -> Result<Self, Error> {
        self.0.insert(0, fresh()?);
        Ok(self)
    }

    pub(super) fn newest_only(&self) -> Self {
        Self(self.0.iter().take(1).filter_map(|key| from_bytes(key.bytes)).collect())
    }

    /// Replaces the file as a whole.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let draft = path.with_extension("key.new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        self.write_with(&mut options, &draft)
            .and_then(|()| fs::rename(&draft, path))
            .map_err(|error| unusable(path, error))
    }

    fn write_with(&self, options: &mut fs::OpenOptions, path: &Path) -> std::io::Result<()> {
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
        let mut file = options.open(path)?;
        for key in &self.0 {
            writeln!(file, "{}", STANDARD.encode(key.bytes))?;
        }
        file.sync_all()
    }

    /// `v1.<key id>.<nonce, ciphertext and tag in base64>`.
    pub(super) fn seal(&self, name: &str, secret: &[u8]) -> Result<String, Error> {
        let failed = |_| Error::internal("sealing failed");
        let key = self.0.first().ok_or_else(|| Error::internal("no master key"))?;
        let mut text = secret.to_vec();
        let nonce = key
            .cipher
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut text)
            .map_err(failed)?;
        let whole = [nonce.as_ref().as_slice(), &text].concat();
        Ok(format!("{VERSION}.{}.{}", key.id, URL_SAFE_NO_PAD.encode(whole)))
    }

    pub(super) fn open(&self, name: &str, sealed: &str) -> Result<Vec<u8>, OpenError> {
        let parts: Vec<_> = sealed.split('.').collect();
        let [VERSION, id, whole] = parts[..] else { return Err(OpenError::Damaged) };
        let key = self
            .0
            .iter()
            .find(|key| key.id == id)
            .ok_or_else(|| OpenError::UnknownKey(id.to_owned()))?;
        let mut whole = URL_SAFE_NO_PAD.decode(whole).map_err(|_| OpenError::Damaged)?;
        let (nonce, text) = whole.split_at_mut_checked(NONCE_LEN).ok_or(OpenError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Damaged)?;
        let secret = key
            .cipher
            .open_in_place(nonce, Aad::from(name.as_bytes()), text)
            .map_err(|_| OpenError::Damaged)?;
        Ok(secret.to_vec())
    }
}

fn fresh() -> Result<MasterKey, Error> {
    let mut bytes = [0_u8; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
    from_bytes(bytes).ok_or_else(|| Error::internal("the cipher refused a key"))
}

fn key(text: &str) -> Option<MasterKey> {
    from_bytes(STANDARD.decode(text).ok()?.try_into().ok()?)
}

fn from_bytes(bytes: [u8; KEY_BYTES]) -> Option<MasterKey> {
    let digest = blake3::derive_key(ID_CONTEXT, &bytes);
    let id = URL_SAFE_NO_PAD.encode(&digest[..4]);
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok()?;
    Some(MasterKey { id, bytes, cipher })
}

fn unusable(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(format!("cannot use the master key {}: {error}", path.display()))
        .source(error)
}
