//! `audit`: the record of every call.

use std::time::Duration;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser as _},
};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use pilothouse_model::{Timestamp, audit::Outcome};

use super::{Limit, Output};

#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  pilothouse audit --since 2h --outcome denied\n  pilothouse audit --tool infra_execute -n 5 --json"
)]
pub struct AuditArguments {
    /// Only calls of this principal, for instance user:ada
    #[arg(long, value_name = "ID")]
    pub principal: Option<String>,
    /// Only calls of this tool
    #[arg(long, value_name = "NAME")]
    pub tool: Option<String>,
    /// Only calls of this operation, for instance harness.pipeline.run
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Only rows with this outcome
    #[arg(long, value_name = "OUTCOME", value_parser = outcomes(), conflicts_with = "unfinished")]
    pub outcome: Option<Outcome>,
    /// Only the rows of this request, as `request_id` in --json and in the log
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
    /// Only what happened since then: a time, a day (UTC), or how long ago
    #[arg(long, value_name = "2h|TIME", value_parser = moment)]
    pub since: Option<Timestamp>,
    /// Only writes without an outcome: under way, or interrupted and their outcome unknown
    #[arg(long)]
    pub unfinished: bool,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub output: Output,
}

impl AuditArguments {
    /// Whether some calls are left out for what they are.
    pub fn narrows(&self) -> bool {
        let Self { principal, tool, operation, outcome, request, since, .. } = self;
        let texts = [principal, tool, operation, request];
        texts.into_iter().any(Option::is_some) || outcome.is_some() || since.is_some()
    }
}

fn outcomes() -> impl clap::builder::TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str)).try_map(|word| {
        let is_word = |outcome: &Outcome| outcome.as_str() == word;
        Outcome::ALL.into_iter().find(is_word).ok_or("not an outcome")
    })
}

/// `2026-05-01T12:00:00Z`, `2026-05-01`, or `30m` before now.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || {
        let midnight = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(Timestamp(midnight.timestamp().as_millisecond()))
    };
    let ago = || {
        let ago = Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()?;
        Some(Timestamp::now().before(ago))
    };
    Timestamp::parse(text).or_else(day).or_else(ago).ok_or_else(|| {
        "write a time such as 2026-05-01T12:00:00Z, a day such as 2026-05-01, or how long ago, such as 2h"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_day_or_how_long_ago() {
        let noon = Timestamp(1_777_636_800_000);
        assert_eq!(moment("2026-05-01T12:00:00Z"), Ok(noon));
        assert_eq!(moment("2026-05-01T14:00:00+02:00"), Ok(noon));
        assert_eq!(moment("2026-05-01"), Ok(noon.before(Duration::from_hours(12))));
        let ago = moment("1h 30m").unwrap();
        let passed = Timestamp::now().since(ago).as_secs();
        assert!((5400..5460).contains(&passed), "{passed}");
        for wrong in ["", "yesterday", "-2h", "2026-13-01", "2"] {
            assert!(moment(wrong).unwrap_err().contains("such as 2h"), "{wrong}");
        }
    }
}
