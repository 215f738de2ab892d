//! The periods that costs are asked about, in whole days of UTC.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use pilothouse_model::{Error, Result};

use super::{BodyInput, time};

/// First and last millisecond: what `start_time` and `end_time` say, else `time_filter`, else the
/// last 30 days.
pub(super) fn of(input: &BodyInput<'_>) -> Result<(i64, i64)> {
    let name = input.given("time_filter").and_then(|value| value.as_str()).unwrap_or_default();
    let (start, end) = named(name, input.now.0)?;
    Ok((
        time::argument(input.args, "start_time")?.unwrap_or(start),
        time::end(input.args, "end_time")?.unwrap_or(end),
    ))
}

/// As Harness' cost pages have them: a number of months ends with the last whole one. A name that
/// is not known means the last 30 days: the registry lists those that are.
fn named(name: &str, now: i64) -> Result<(i64, i64)> {
    let today =
        Timestamp::from_millisecond(now).map_err(Error::internal)?.to_zoned(TimeZone::UTC).date();
    let month = today.first_of_month();
    let quarter = month.saturating_sub(i32::from((month.month() - 1) % 3).months());
    let year = today.first_of_year();
    let (first, last) = match name {
        "LAST_7" => (today.saturating_sub(6.days()), today),
        "THIS_MONTH" => (month, today.last_of_month()),
        "THIS_QUARTER" => (quarter, today),
        "THIS_YEAR" => (year, today),
        "LAST_MONTH" => (month.saturating_sub(1.month()), month.saturating_sub(1.day())),
        "LAST_QUARTER" => (quarter.saturating_sub(3.months()), quarter.saturating_sub(1.day())),
        "LAST_YEAR" => (year.saturating_sub(1.year()), year.saturating_sub(1.day())),
        "LAST_3_MONTHS" => (month.saturating_sub(3.months()), month.saturating_sub(1.day())),
        "LAST_6_MONTHS" => (month.saturating_sub(6.months()), month.saturating_sub(1.day())),
        "LAST_12_MONTHS" => (month.saturating_sub(12.months()), month.saturating_sub(1.day())),
        _ => (today.saturating_sub(30.days()), today),
    };
    Ok((midnight(first)?, midnight(last)? + time::DAY - 1))
}

fn midnight(date: Date) -> Result<i64> {
    let start = date.to_zoned(TimeZone::UTC).map_err(Error::internal)?;
    Ok(start.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_whole_days() {
        // 2026-05-20T12:00:00Z
        let now = 1_779_278_400_000;
        let shown = |name| {
            let (start, end) = named(name, now).unwrap();
            let day = |at| Timestamp::from_millisecond(at).unwrap().to_string()[..10].to_owned();
            assert_eq!((end + 1) % time::DAY, 0);
            format!("{} {}", day(start), day(end))
        };
        for (name, expected) in [
            ("", "2026-04-20 2026-05-20"),
            ("LAST_30_DAYS", "2026-04-20 2026-05-20"),
            ("LAST_7", "2026-05-14 2026-05-20"),
            ("THIS_MONTH", "2026-05-01 2026-05-31"),
            ("THIS_QUARTER", "2026-04-01 2026-05-20"),
            ("THIS_YEAR", "2026-01-01 2026-05-20"),
            ("LAST_MONTH", "2026-04-01 2026-04-30"),
            ("LAST_QUARTER", "2026-01-01 2026-03-31"),
            ("LAST_YEAR", "2025-01-01 2025-12-31"),
            ("LAST_3_MONTHS", "2026-02-01 2026-04-30"),
            ("LAST_12_MONTHS", "2025-05-01 2026-04-30"),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
    }
}
