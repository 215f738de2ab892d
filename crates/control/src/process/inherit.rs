//! What a program inherits against its will: ignored signals.
//!
//! Whoever starts us in the background of a script makes us ignore SIGINT, and every program that
//! we start would ignore it too, so that it could not be interrupted. A signal that is *handled* is
//! reset to its default in a new program; so where it is ignored, it gets a handler that does as
//! much as ignoring it did.

use std::sync::Once;

use tokio::signal::unix::{SignalKind, signal};

/// SIGINT's bit in the masks of `/proc/PID/status`.
const SIGINT_BIT: u64 = 1 << 1;

/// Lets the programs started from now on be interrupted.
pub(super) fn reset_interrupt() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ignored = std::fs::read_to_string("/proc/self/status")
            .ok()
            .and_then(|status| ignored_signals(&status))
            .is_some_and(|mask| mask & SIGINT_BIT != 0);
        // The handler stays when the stream that stands for it is dropped.
        if ignored && let Err(error) = signal(SignalKind::interrupt()) {
            tracing::warn!(%error, "programs cannot be interrupted, only killed");
        }
    });
}

/// The mask of ignored signals; other systems than Linux do not tell.
fn ignored_signals(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_read() {
        assert_eq!(ignored_signals("SigBlk:\t0\nSigIgn:\t0000000000001002\n"), Some(0x1002));
        assert_eq!(ignored_signals("Name:\tx\n"), None);
    }
}
