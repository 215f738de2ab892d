//! Texts to types. `None` means that the text is not one; the setting says what it should be.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use url::Url;

pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `30s`, `15m`, `1h 30m`; a bare number is seconds. Not zero.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => text.parse::<jiff::SignedDuration>().ok()?.try_into().ok()?,
    };
    (!duration.is_zero()).then_some(duration)
}

/// As [`duration`], but a bare number is milliseconds, as in the servers that we replace.
pub(super) fn duration_in_millis(text: &str) -> Option<Duration> {
    match text.parse::<u64>() {
        Ok(millis) => Some(Duration::from_millis(millis)).filter(|duration| !duration.is_zero()),
        Err(_) => duration(text),
    }
}

/// `1048576`, `512KiB`, `16MiB`, `1GiB`.
pub(super) fn bytes(text: &str) -> Option<usize> {
    let (digits, factor) = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .unwrap_or((text, 1));
    digits.trim_end().parse::<usize>().ok()?.checked_mul(factor)
}

pub(super) fn count(text: &str) -> Option<u32> {
    text.parse().ok()
}

pub(super) fn positive(text: &str) -> Option<NonZeroU32> {
    text.parse().ok()
}

/// Comma-separated; blanks around a word and empty words do not count.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Host names or addresses, without scheme and path, with or without a port.
pub(super) fn hosts(text: &str) -> Option<Vec<String>> {
    let hosts = words(text);
    hosts.iter().all(|host| is_host(host)).then_some(hosts)
}

/// `https://console.example.com`: scheme, host and perhaps port, nothing behind.
pub(super) fn origins(text: &str) -> Option<Vec<String>> {
    let origins = words(text);
    let is_origin = |origin: &String| {
        Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin)
    };
    origins.iter().all(is_origin).then_some(origins)
}

/// An absolute `http` or `https` address, without the slash at its end.
pub(super) fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Made absolute, so that a later change of directory does not move it.
pub(super) fn path(text: &str) -> Option<PathBuf> {
    std::path::absolute(Path::new(text)).ok()
}

pub(super) fn secret(text: &str) -> Option<SecretString> {
    (!text.is_empty()).then(|| SecretString::from(text))
}

fn is_host(text: &str) -> bool {
    Url::parse(&format!("http://{text}"))
        .is_ok_and(|url| url.path() == "/" && !text.ends_with('/') && url.username().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        for (text, seconds) in
            [("90", Some(90)), ("15m", Some(900)), ("1h 30m", Some(5400)), ("0", None), ("x", None)]
        {
            assert_eq!(duration(text), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(duration_in_millis("1500"), Some(Duration::from_millis(1500)));
        assert_eq!(duration_in_millis("2s"), Some(Duration::from_secs(2)));
        for (text, expected) in
            [("10", Some(10)), ("4KiB", Some(4096)), ("2 MiB", Some(2 << 20)), ("4kb", None)]
        {
            assert_eq!(bytes(text), expected, "{text}");
        }
        assert_eq!(bytes("99999999999GiB"), None);
    }

    #[test]
    fn hosts_and_origins_carry_nothing_more() {
        for (text, good) in [
            ("", true),
            ("localhost, ops.example.com:8443", true),
            ("[::1]", true),
            ("https://ops.example.com", false),
            ("ops.example.com/path", false),
            ("user@ops.example.com", false),
        ] {
            assert_eq!(hosts(text).is_some(), good, "{text}");
        }
        for (text, good) in [
            ("https://ops.example.com", true),
            ("http://localhost:3000,https://a.example", true),
            ("https://ops.example.com/", false),
            ("ops.example.com", false),
        ] {
            assert_eq!(origins(text).is_some(), good, "{text}");
        }
    }

    #[test]
    fn switches_are_not_guessed() {
        assert_eq!(flag("YES"), Some(true));
        assert_eq!(flag("off"), Some(false));
        assert_eq!(flag("maybe"), None);
    }
}
