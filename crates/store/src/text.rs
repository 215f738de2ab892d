//! Text on its way into a row, and out of it.

use std::borrow::Cow;

use crate::{Result, StoreError};

/// `text` without NUL, which PostgreSQL refuses; each becomes U+FFFD, so that it stays visible.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// The one of `known` that `column` spells as `word`.
pub(crate) fn stored_word<T: Copy>(
    column: &'static str,
    word: &str,
    known: &[T],
    spelling: fn(T) -> &'static str,
) -> Result<T> {
    let found = known.iter().copied().find(|value| spelling(*value) == word);
    found.ok_or_else(|| StoreError::Corrupt { column, value: word.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nul_is_replaced() {
        assert_eq!(storable("a\0b\n"), "a\u{fffd}b\n");
        assert!(matches!(storable("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn an_unknown_word_is_corruption_and_named() {
        let read = |word| {
            stored_word("table.flag", word, &[false, true], |flag| if flag { "yes" } else { "no" })
        };
        assert!(read("yes").unwrap());
        let error = read("maybe").unwrap_err().to_string();
        assert!(error.contains("table.flag") && error.contains("maybe"), "{error}");
    }
}
