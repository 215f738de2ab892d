//! Tells people by mail, once per secret, that a service account's secret ends within a week.
//!
//! Any number of servers may run this: each secret is claimed by one of them.

use std::time::Duration;

use pilothouse_access::service_account::notice::{self, Ending, LEASE};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::mail::Mail;

/// Between two looks at the latest: secrets are made in the meantime.
const LOOK_EVERY: Duration = Duration::from_hours(6);

/// Runs until `shutdown`.
pub(crate) fn start(store: Store, mail: Mail, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let now = Timestamp::now();
            let pause = match round(&store, &mail, now).await {
                Ok(Some(next)) => next.since(now).clamp(LEASE, LOOK_EVERY),
                Ok(None) => LOOK_EVERY,
                Err(error) => {
                    tracing::error!(%error, source = ?error.source, "no notice could be given");
                    LEASE
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    })
}

/// Gives notice of all that ends soon; when the next one is due.
async fn round(store: &Store, mail: &Mail, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    for ending in notice::claim(store, now).await? {
        let (subject, text) = words(&ending);
        mail.send(&subject, &text).await?;
        notice::given(store, &ending, now).await?;
    }
    notice::next(store, now).await
}

fn words(Ending { account, expires_at, .. }: &Ending) -> (String, String) {
    let path = account.path();
    let subject = format!("The secret of service account {path} expires at {expires_at}");
    let text = format!(
        "The secret of the service account {path} stops working at {expires_at}.\n\n\
         Make a new one with\n\n    pilothouse accounts service rotate {path}\n\n\
         and give it to whoever signs in as {path}. The present one works for one more day, and no \
         longer than it would have.\n"
    );
    (subject, text)
}

#[cfg(test)]
mod tests;
