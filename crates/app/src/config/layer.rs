//! The layers of a configuration: built-in defaults < file < environment < command line. The
//! `.env` of the current directory is part of the environment as far as [`Nearby`] lets it be.
//!
//! Knows texts and where they stand, not what they mean.

use std::{
    borrow::Cow,
    ffi::OsStr,
    io::Read,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    data, harness,
    problem::{Origin, Problems},
    server,
    setting::{self, Nearby, Setting},
};
use crate::environment::Environment;

const DEFAULTS: &str = include_str!("defaults.toml");

/// A larger configuration file is refused before it is read.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A value given on the command line, for instance `--listen`.
#[derive(Clone, Debug)]
pub struct Flag {
    pub name: &'static str,
    /// The key of the setting that it overrides.
    pub key: &'static str,
    pub value: String,
}

impl Flag {
    pub fn listen(address: &str) -> Self {
        Self { name: "--listen", key: server::LISTEN.key, value: address.to_owned() }
    }

    /// A port of this machine.
    pub fn port(port: u16) -> Self {
        let value = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string();
        Self { name: "--port", key: server::LISTEN.key, value }
    }

    /// A path that is not UTF-8 would not survive the database URL either, so it is shown as text.
    pub fn data(directory: &Path) -> Self {
        let value = directory.display().to_string();
        Self { name: "--data", key: data::DIRECTORY.key, value }
    }
}

pub(super) struct Layers<'a> {
    pub flags: &'a [Flag],
    pub environment: &'a Environment,
    file: Option<(PathBuf, Table)>,
    defaults: Table,
}

impl<'a> Layers<'a> {
    /// Reads the layers; what cannot be read, or is not known, becomes a problem.
    pub(super) fn read(
        flags: &'a [Flag],
        environment: &'a Environment,
        file: Option<PathBuf>,
        problems: &mut Problems,
    ) -> Self {
        let defaults = DEFAULTS.parse().unwrap_or_else(|error| {
            problems.add(format!("built-in defaults: {error}"));
            Table::new()
        });
        let file = file.and_then(|path| match read_file(&path) {
            Ok(table) => Some((path, table)),
            Err(message) => {
                problems.add(format!("{}: {message}", path.display()));
                None
            }
        });
        let layers = Self { flags, environment, file, defaults };
        layers.refuse_unknown_keys(problems);
        layers.refuse_unknown_variables(problems);
        layers
    }

    /// The strongest layer's text for `setting`, or the problem that its value is not a text.
    pub(super) fn find(&self, setting: &Setting) -> Result<Option<(Origin, Cow<'_, str>)>, String> {
        if let Some(flag) = self.flags.iter().find(|flag| flag.key == setting.key) {
            return Ok(Some((Origin::Flag(flag.name), Cow::Borrowed(&flag.value))));
        }
        let nearby = || self.nearby(setting).filter(|_| self.heeds(setting));
        if let Some((variable, value)) = self.own(setting).or_else(nearby) {
            let text = value.to_str().ok_or_else(|| format!("{variable} is not UTF-8"))?;
            return Ok(Some((Origin::Variable(variable), setting.text_of(variable, text))));
        }
        if let Some((path, value)) = self.in_file(setting) {
            let origin = Origin::File { path: path.to_owned(), key: setting.key.to_owned() };
            let text = text_of(value).map_err(|message| format!("{origin} {message}"))?;
            return Ok(Some((origin, text)));
        }
        let origin = Origin::Default { key: setting.key };
        let Some(value) = value_at(&self.defaults, setting.key) else { return Ok(None) };
        let text = text_of(value).map_err(|message| format!("{origin} {message}"))?;
        Ok(Some((origin, text)))
    }

    /// What the environment says.
    fn own(&self, setting: &Setting) -> Option<(&'static str, &OsStr)> {
        setting.variables().find_map(|name| Some((name, self.environment.get(name)?)))
    }

    /// What the `.env` of the directory says.
    fn nearby(&self, setting: &Setting) -> Option<(&'static str, &OsStr)> {
        setting.variables().find_map(|name| Some((name, self.environment.nearby(name)?)))
    }

    fn in_file(&self, setting: &Setting) -> Option<(&Path, &Value)> {
        let (path, table) = self.file.as_ref()?;
        Some((path, value_at(table, setting.key)?))
    }

    /// Whether the `.env` of the directory may say this.
    fn heeds(&self, setting: &Setting) -> bool {
        match setting.nearby {
            Nearby::Always => true,
            Nearby::BesideKey => self.has_only_nearby_keys(),
            Nearby::Forbids => self.in_file(setting).is_none() || self.has_only_nearby_keys(),
            Nearby::Never => false,
        }
    }

    fn has_only_nearby_keys(&self) -> bool {
        let is_nearby = |key: &Setting| self.own(key).is_none() && self.nearby(key).is_some();
        let is_absent = |key: &Setting| self.own(key).is_none() && self.in_file(key).is_none();
        let keys = harness::KEYS;
        keys.iter().any(|key| is_nearby(key))
            && keys.iter().all(|key| is_nearby(key) || is_absent(key))
    }

    /// Variables of the directory's `.env` that do not count.
    pub(super) fn unheeded(&self) -> impl Iterator<Item = &'static str> {
        setting::all()
            .filter(|setting| self.own(setting).is_none() && !self.heeds(setting))
            .filter_map(|setting| self.nearby(setting).map(|(name, _)| name))
    }

    fn refuse_unknown_keys(&self, problems: &mut Problems) {
        let Some((path, table)) = &self.file else { return };
        for key in keys(table) {
            if !setting::all().any(|setting| setting.key == key) {
                let hint = nearest(&key, setting::all().map(|setting| setting.key));
                problems.add(format!("{}: {key} is not a setting{hint}", path.display()));
            }
        }
    }

    fn refuse_unknown_variables(&self, problems: &mut Problems) {
        for name in self.environment.names() {
            let known = setting::known_variables().any(|variable| variable == name);
            if name.starts_with(setting::OWN_PREFIX) && !known {
                let hint = nearest(name, setting::known_variables());
                problems.add(format!("{name} is not a variable of Pilothouse{hint}"));
            }
        }
    }
}

/// The built-in value of `setting`, as the reference shows it.
pub(super) fn default_text(setting: &Setting) -> Option<String> {
    let defaults: Table = DEFAULTS.parse().ok()?;
    text_of(value_at(&defaults, setting.key)?).ok().map(Cow::into_owned)
}

fn read_file(path: &Path) -> Result<Table, String> {
    let bytes = bytes_of(path, MAX_FILE_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    text.parse().map_err(|error: toml::de::Error| format!("is not TOML: {error}"))
}

/// The whole file, or what is wrong with it.
pub(super) fn bytes_of(path: &Path, max: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > max {
        return Err(format!("is larger than {max} bytes"));
    }
    Ok(bytes)
}

fn value_at<'t>(table: &'t Table, key: &str) -> Option<&'t Value> {
    let (section, name) = key.split_once('.')?;
    table.get(section)?.as_table()?.get(name)
}

/// A TOML value as an operator would write it into a variable; lists are joined with commas.
fn text_of(value: &Value) -> Result<Cow<'_, str>, String> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Integer(number) => Ok(Cow::Owned(number.to_string())),
        Value::Float(number) => Ok(Cow::Owned(number.to_string())),
        Value::Boolean(flag) => Ok(Cow::Owned(flag.to_string())),
        Value::Array(items) => {
            let texts = items
                .iter()
                .map(|item| item.as_str().filter(|text| !text.contains(',')))
                .collect::<Option<Vec<_>>>()
                .ok_or("is a list of something else than texts without commas")?;
            Ok(Cow::Owned(texts.join(",")))
        }
        Value::Datetime(_) | Value::Table(_) => Err("is not a plain value".to_owned()),
    }
}

/// Every `section.name` of the file, and names that stand in no section.
fn keys(table: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (section, value) in table {
        match value.as_table() {
            Some(entries) => keys.extend(entries.keys().map(|name| format!("{section}.{name}"))),
            None => keys.push(section.clone()),
        }
    }
    keys
}

fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean {candidate}?"))
}
