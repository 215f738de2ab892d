//! What a client is willing to read, from `Accept`; what it sent, from `Content-Type`.

use http::{HeaderMap, header};

/// How a reply may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    /// The client names event streams, as the protocol demands: it gets whatever fits.
    Stream,
    /// The client names only JSON, says "anything", or says nothing: simple clients that would
    /// not understand a stream. They get one document, and nothing in between.
    Json,
    Neither,
}

impl Accept {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::Neither;
        let mut said_anything = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                said_anything = true;
                match essence(range) {
                    Some(essence) if essence.eq_ignore_ascii_case("text/event-stream") => {
                        return Self::Stream;
                    }
                    Some(essence) if names_json(essence) => accepted = Self::Json,
                    _ => {}
                }
            }
        }
        if said_anything { accepted } else { Self::Json }
    }
}

fn names_json(essence: &str) -> bool {
    ["application/json", "application/*", "*/*"]
        .iter()
        .any(|range| essence.eq_ignore_ascii_case(range))
}

/// The media type of one range, unless its quality is zero.
fn essence(range: &str) -> Option<&str> {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next()?;
    let refused = parts.any(|parameter| {
        parameter.split_once('=').is_some_and(|(name, quality)| {
            name.trim().eq_ignore_ascii_case("q")
                && quality.trim().parse::<f32>().is_ok_and(|quality| quality == 0.0)
        })
    });
    (!refused).then_some(essence)
}

/// Whether the body claims to be JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_those_who_name_streams_get_them() {
        for (accept, expected) in [
            (Some("application/json, text/event-stream"), Accept::Stream),
            (Some("Text/Event-Stream;q=0.5"), Accept::Stream),
            (Some("application/json"), Accept::Json),
            (Some("application/json, text/event-stream;q=0"), Accept::Json),
            (Some("application/json;charset=utf-8; q=1"), Accept::Json),
            (Some("*/*"), Accept::Json),
            (None, Accept::Json),
            (Some("text/html, image/*"), Accept::Neither),
            (Some("application/json;q=0.0"), Accept::Neither),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(Accept::of(&headers), expected, "{accept:?}");
        }
    }
}
