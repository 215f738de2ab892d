//! Patterns over error messages: literal text with `*` for anything, found anywhere, without
//! regard to case and spacing.

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    /// `None` for a pattern without literal text, which would match everything.
    pub(super) fn new(text: &str) -> Option<Self> {
        let pieces: Vec<String> =
            text.split('*').map(normal).filter(|piece| !piece.is_empty()).collect();
        (!pieces.is_empty()).then_some(Self(pieces))
    }

    /// Whether the pieces occur in this order. `text` must be [`normal`].
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0
            .iter()
            .try_fold(text, |rest, piece| Some(&rest[rest.find(piece)? + piece.len()..]))
            .is_some()
    }

    /// How much literal text a match has seen.
    pub(super) fn weight(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }
}

/// Lower case, with single spaces for runs of white space and of the bars that frame messages on
/// a terminal.
pub(super) fn normal(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '│' | '╷' | '╵'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_literal_text_in_order() {
        for (pattern, text, matches) in [
            ("state lock", "Error acquiring the State\n│ Lock", true),
            ("a * c", "a b c", true),
            ("a * c", "c b a", false),
            (
                "an argument named * is not expected",
                "An argument named \"x\" is not expected",
                true,
            ),
            ("ab", "a b", false),
        ] {
            let found = Pattern::new(pattern).unwrap().is_in(&normal(text));
            assert_eq!(found, matches, "{pattern:?} in {text:?}");
        }
    }

    #[test]
    fn a_pattern_needs_text() {
        assert_eq!(Pattern::new(" * *"), None);
        assert!(Pattern::new("abc").unwrap().weight() < Pattern::new("abc*d").unwrap().weight());
    }
}
