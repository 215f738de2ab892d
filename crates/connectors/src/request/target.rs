//! Paths and queries: whatever a caller passes stays inside its own segment or parameter.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pilothouse_model::{Error, Result, text::prefix};

/// Everything but RFC 3986's unreserved characters is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The value as one path segment, percent-encoded.
pub fn encode_segment(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// Refuses what no encoding can keep inside a segment: URL parsers treat `.` and `..` as steps
/// through the path even when they are percent-encoded, and an empty segment is dropped.
pub(crate) fn check_segment(argument: &str, value: &str) -> Result<()> {
    if matches!(value, "" | "." | "..") {
        return Err(Error::invalid(format!("{argument}: {:?} is not a name", prefix(value, 16))));
    }
    Ok(())
}

/// The encoded path with its query.
pub(crate) fn target(path: &str, query: &[(String, String)]) -> String {
    let mut target = path.to_owned();
    for (index, (name, value)) in query.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.extend(utf8_percent_encode(name, ENCODED));
        target.push('=');
        target.extend(utf8_percent_encode(value, ENCODED));
    }
    target
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    proptest! {
        #[test]
        fn a_segment_never_leaves_its_place(value in any::<String>()) {
            prop_assume!(check_segment("id", &value).is_ok());
            let url = Url::parse(&format!("https://a.example/v1/{}/end", encode_segment(&value)))
                .unwrap();
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 3);
            let decoded = percent_encoding::percent_decode_str(segments[1]).decode_utf8().unwrap();
            prop_assert_eq!(decoded.as_ref(), value.as_str());
            prop_assert_eq!((url.query(), url.fragment()), (None, None));
        }

        #[test]
        fn query_pairs_come_back_as_they_were(
            pairs in prop::collection::vec((any::<String>(), any::<String>()), 0..5)
        ) {
            let url = Url::parse(&format!("https://a.example{}", target("/v1", &pairs))).unwrap();
            let read: Vec<_> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(read, pairs);
        }
    }

    #[test]
    fn steps_through_the_path_are_refused() {
        for value in ["", ".", ".."] {
            assert!(check_segment("id", value).is_err(), "{value:?}");
        }
        assert!(check_segment("id", "...").is_ok());
    }
}
