//! What the program says about itself: log lines on standard error, for people on a terminal and
//! as JSON everywhere else. Standard output belongs to results and to MCP.

use std::io::{self, IsTerminal};

use pilothouse_model::Error;
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt, fmt::MakeWriter};

use crate::config::{Log, LogFormat};

/// Sends the log lines of the whole process to standard error, once.
pub fn start(log: &Log) -> Result<(), Error> {
    let terminal = io::stderr().is_terminal();
    let subscriber = subscriber(log, terminal, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(Error::internal)
}

fn subscriber<W>(
    log: &Log,
    terminal: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, Error>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| {
        Error::invalid(format!("the log filter {:?} is not valid: {error}", log.filter))
    })?;
    let lines = fmt().with_env_filter(filter).with_writer(writer);
    let as_text = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    Ok(if as_text {
        Box::new(lines.with_ansi(terminal).with_target(false).finish())
    } else {
        Box::new(lines.json().flatten_event(true).finish())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, terminal: bool) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let log = Log { filter: "info".into(), format };
        let subscriber = subscriber(&log, terminal, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(run = "r1", "started");
            tracing::debug!("unseen");
        });
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_are_json_unless_a_person_reads_them() {
        for (format, terminal, json) in [
            (LogFormat::Auto, false, true),
            (LogFormat::Auto, true, false),
            (LogFormat::Json, true, true),
            (LogFormat::Text, false, false),
        ] {
            let text = logged(format, terminal);
            assert_eq!(text.lines().count(), 1, "{text}");
            let parsed = serde_json::from_str::<serde_json::Value>(&text);
            assert_eq!(parsed.is_ok(), json, "{text}");
            if let Ok(line) = parsed {
                assert_eq!(line["message"], "started");
                assert_eq!(line["run"], "r1");
            }
        }
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(logged(LogFormat::Text, true).contains('\u{1b}'));
        assert!(!logged(LogFormat::Text, false).contains('\u{1b}'));
    }
}
