//! What the database must not hold in the clear goes through here, on its way in and out.
//!
//! Knows no cipher: who opens the store brings a [`Sealer`]. Without one, as in tests of the store
//! alone, values are kept as they are.

mod clear;

use std::{borrow::Cow, fmt, sync::Arc};

use pilothouse_model::Error;

use crate::{Result, Store, StoreError, text::storable};

/// Begins a sealed text. No text that was kept in the clear does.
const TEXT_MARK: &str = "\u{1}sealed.";
/// Begins sealed bytes: neither a state file nor a plan file does.
const BYTES_MARK: &[u8] = b"\x01sealed.";

/// Seals secrets, each under a name that it cannot be opened without.
pub trait Sealer: Send + Sync {
    fn seal(&self, name: &str, secret: &[u8]) -> std::result::Result<String, Error>;
    fn open(&self, name: &str, sealed: &str) -> std::result::Result<Vec<u8>, Error>;
}

/// The sealer of a store and its transactions.
#[derive(Clone, Default)]
pub(crate) struct Sealing(Option<Arc<dyn Sealer>>);

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Sealing" } else { "Sealing(none)" })
    }
}

impl Store {
    /// The same store, which seals what it must not hold in the clear from now on.
    #[must_use]
    pub fn sealed_with(mut self, sealer: Arc<dyn Sealer>) -> Self {
        self.sealing = Sealing(Some(sealer));
        self
    }
}

impl Sealing {
    pub(crate) fn text<'t>(&self, name: &str, text: &'t str) -> Result<Cow<'t, str>> {
        let Some(cipher) = &self.0 else { return Ok(storable(text)) };
        let sealed = cipher.seal(name, text.as_bytes()).map_err(StoreError::Sealing)?;
        Ok(format!("{TEXT_MARK}{sealed}").into())
    }

    pub(crate) fn bytes<'b>(&self, name: &str, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>> {
        let Some(cipher) = &self.0 else { return Ok(bytes.into()) };
        let sealed = cipher.seal(name, bytes).map_err(StoreError::Sealing)?;
        Ok([BYTES_MARK, sealed.as_bytes()].concat().into())
    }

    /// What was kept in the clear comes back as it is.
    pub(crate) fn open_text(&self, name: &str, stored: String) -> Result<String> {
        let Some(sealed) = stored.strip_prefix(TEXT_MARK) else { return Ok(stored) };
        let opened = self.opened(name, sealed)?;
        String::from_utf8(opened).map_err(|_| damaged(name))
    }

    pub(crate) fn open_bytes(&self, name: &str, stored: Vec<u8>) -> Result<Vec<u8>> {
        let Some(sealed) = stored.strip_prefix(BYTES_MARK) else { return Ok(stored) };
        let sealed = std::str::from_utf8(sealed).map_err(|_| damaged(name))?;
        self.opened(name, sealed)
    }

    fn opened(&self, name: &str, sealed: &str) -> Result<Vec<u8>> {
        match &self.0 {
            Some(cipher) => cipher.open(name, sealed).map_err(StoreError::Sealing),
            None => Err(damaged(name)),
        }
    }
}

fn damaged(name: &str) -> StoreError {
    StoreError::Sealing(Error::internal(format!("{name} is sealed and cannot be opened")))
}
