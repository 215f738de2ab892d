//! Times in arguments: RFC 3339, a date, or milliseconds since 1970.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use pilothouse_model::{Error, Result, text::prefix};
use serde_json::{Map, Value};

use super::read;

/// In milliseconds.
pub(in crate::harness) const DAY: i64 = 24 * 60 * 60 * 1000;

/// The argument in milliseconds since 1970, if it was given.
pub(in crate::harness) fn argument(args: &Map<String, Value>, name: &str) -> Result<Option<i64>> {
    stated(args, name).map(|value| parse(name, value)).transpose()
}

/// As [`argument`], for the end of a period: a date is included.
pub(in crate::harness) fn end(args: &Map<String, Value>, name: &str) -> Result<Option<i64>> {
    let is_date =
        |value: &Value| value.as_str().is_some_and(|it| it.trim().parse::<Date>().is_ok());
    let until = |value: &Value| {
        let start = parse(name, value)?;
        Ok(if is_date(value) { start + DAY - 1 } else { start })
    };
    stated(args, name).map(until).transpose()
}

fn stated<'a>(args: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    read::given(args, name).filter(|value| *value != "")
}

fn parse(name: &str, value: &Value) -> Result<i64> {
    let read = |text: &str| {
        let time = text.parse::<Timestamp>().ok();
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
        let milliseconds = || text.parse::<i64>().ok();
        time.or_else(|| Some(day()?.timestamp()))
            .map(Timestamp::as_millisecond)
            .or_else(milliseconds)
    };
    let found = value.as_i64().or_else(|| read(value.as_str()?.trim()));
    found.ok_or_else(|| {
        let shown = value.to_string();
        Error::invalid(format!("{name}: {} is not a time", prefix(&shown, 64)))
            .hint("write it as 2026-01-31, 2026-01-31T09:00:00Z, or milliseconds since 1970")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_written_in_three_ways() {
        for (value, expected) in [
            (json!("1970-01-02"), Some(DAY)),
            (json!("1970-01-01T01:00:00+01:00"), Some(0)),
            (json!("1970-01-01T00:00:01.5Z"), Some(1500)),
            (json!(1_768_478_400_000_i64), Some(1_768_478_400_000)),
            (json!("1768478400000"), Some(1_768_478_400_000)),
            (json!("last week"), None),
            (json!(["x"]), None),
        ] {
            assert_eq!(parse("start_time", &value).ok(), expected, "{value}");
        }
        let ends = |value: Value| {
            let args = Map::from_iter([("end_time".to_owned(), value)]);
            end(&args, "end_time").unwrap()
        };
        assert_eq!(ends(json!("1970-01-01")), Some(DAY - 1));
        assert_eq!(ends(json!("1970-01-01T00:00:01Z")), Some(1000));
    }
}
