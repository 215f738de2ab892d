//! Idempotency keys: a repeated write gets the first one's result instead of a second effect. What
//! is stored of it is what its caller saw: masked.

use std::{future::Future, time::Duration};

use pilothouse_model::Error;
use pilothouse_store::IdempotencyBegin as Begin;
use serde_json::json;

use super::{End, Path, redacted};

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_hours(24);

/// Does `work` unless this caller's key has a result already.
pub(super) async fn once<W>(path: &Path<'_>, work: impl FnOnce() -> W) -> Result<End, Error>
where
    W: Future<Output = Result<End, Error>>,
{
    let Some(key) = path.controls.idempotency_key.as_deref() else { return work().await };
    let store = path.gateway.store();
    let principal = &path.conversation.caller().principal.id;
    match store.idempotency_begin(principal, key, &digest(path)?, super::now(), LIFETIME).await? {
        Begin::New => {}
        Begin::Done(result) => {
            return serde_json::from_str(&result).map(End::Done).map_err(Error::internal);
        }
        Begin::InProgress => {
            return Err(Error::conflict(format!(
                "the call with idempotency_key {key:?} is under way, or its outcome is unknown"
            ))
            .hint("read the target to see whether it happened; use a new key to do it again"));
        }
        Begin::Mismatch => {
            return Err(Error::conflict(format!(
                "idempotency_key {key:?} was used for a different change"
            ))
            .hint("use a new key for a new change"));
        }
    }
    let end = work().await.map(redacted);
    let kept = match &end {
        Ok(End::Done(value)) => store.idempotency_finish(principal, key, &value.to_string()).await,
        Err(error) if !error.changed_nothing => return end,
        Ok(_) | Err(_) => store.idempotency_abandon(principal, key).await,
    };
    // What was done is told all the same: who does not learn of it might do it again. The key stays
    // in progress, so a repeat with it is refused.
    if let Err(error) = kept {
        tracing::error!(%error, "what became of an idempotency key could not be stored");
    }
    end
}

/// What a repeat must have in common with the first call. The target is left out: the first call
/// changed it.
fn digest(path: &Path<'_>) -> Result<String, Error> {
    let call = json!({ "tool": path.tool, "arguments": path.arguments });
    let canonical = serde_json_canonicalizer::to_vec(&call).map_err(Error::internal)?;
    Ok(blake3::hash(&canonical).to_hex().to_string())
}
