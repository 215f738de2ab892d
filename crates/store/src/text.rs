//! Text that both engines can hold.

use std::borrow::Cow;

/// `text` without NUL, which PostgreSQL refuses; each becomes U+FFFD, so that it stays visible.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nul_is_replaced() {
        assert_eq!(storable("a\0b\n"), "a\u{fffd}b\n");
        assert!(matches!(storable("plain"), Cow::Borrowed("plain")));
    }
}
