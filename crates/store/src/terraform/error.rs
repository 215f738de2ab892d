//! How a change of the platform's rows fails.

use pilothouse_model::Error;

use crate::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The row is not the one that the change was made from.
    #[error("someone else changed it meanwhile")]
    Stale,
    #[error("the limit of {limit} {what} is reached")]
    Limit { what: &'static str, limit: i64 },
    /// The workspace is locked or belongs to another run.
    #[error("the workspace is locked or in use by another run")]
    Held,
    /// A page was asked for with the position of another order.
    #[error("the cursor does not belong to this order")]
    Position,
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        let message = error.to_string();
        match error {
            ChangeError::Store(error) => error.into(),
            ChangeError::Stale => {
                Self::conflict(message).hint("read it again and repeat the change").source(error)
            }
            ChangeError::Limit { .. } => Self::limited(message).source(error),
            ChangeError::Held => Self::conflict(message).source(error),
            ChangeError::Position => {
                Self::invalid(message).hint("start again without a cursor").source(error)
            }
        }
    }
}

/// What an update by id and version must have changed.
pub(crate) fn exactly_one(changed: u64) -> Result<(), ChangeError> {
    if changed == 1 { Ok(()) } else { Err(ChangeError::Stale) }
}
