//! What is logged, and in which form.

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use super::{
    reader::Reader,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct Log {
    /// A level, or directives such as `info,pilothouse_gateway=debug`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}

const FILTER: Setting = Setting::new(
    "log.filter",
    "PILOTHOUSE_LOG",
    "a level (error, warn, info, debug, trace) or directives such as info,pilothouse_gateway=debug",
    "What is logged on standard error.",
)
.aliases(&["LOG_LEVEL"]);
const FORMAT: Setting = Setting::new(
    "log.format",
    "PILOTHOUSE_LOG_FORMAT",
    "auto, text or json",
    "`auto` writes text on a terminal and JSON elsewhere.",
);

pub(super) static GROUP: Group =
    Group { title: "Log", about: "Log lines go to standard error.", settings: &[&FILTER, &FORMAT] };

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let filter = reader.required(&FILTER, |text| {
            let is_filter = EnvFilter::builder().parse(text).is_ok();
            (is_filter && text.split(',').all(says_a_level)).then(|| text.to_owned())
        });
        let format = reader.required(&FORMAT, |text| match text {
            "auto" => Some(LogFormat::Auto),
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        Some(Self { filter: filter?, format: format? })
    }
}

/// A word alone must be a level: the library would take any other for a part of the program and
/// log nothing else.
fn says_a_level(directive: &str) -> bool {
    let directive = directive.trim();
    directive.contains(['=', '[', ']', '}']) || directive.parse::<LevelFilter>().is_ok()
}
