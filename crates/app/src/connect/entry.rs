//! What a client's file says about one server.

use std::{ffi::OsStr, path::PathBuf};

use pilothouse_model::Error;
use serde_json::{Map, Value, json};
use url::Url;

use super::Client;
use crate::{
    config::{self, Setting, TOKEN_VARIABLE},
    environment::Environment,
};

/// How a client gets to Pilothouse.
#[derive(Clone, Debug)]
pub enum Reach {
    /// It starts this program and talks on its standard input and output.
    Start(Start),
    /// It connects to a server that is running.
    Url(Remote),
}

#[derive(Clone, Debug)]
pub struct Remote {
    pub url: Url,
    /// It presents a token from its environment instead of signing in.
    pub token: bool,
}

#[derive(Clone, Debug)]
pub struct Start {
    /// Absolute, because desktop clients do not have the user's `PATH`.
    pub program: String,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
}

/// Keys that may stand in an entry that we wrote; others are the user's and stay.
pub(super) const OWN_KEYS: [&str; 8] =
    ["type", "command", "args", "env", "url", "serverUrl", "httpUrl", "headers"];

impl Client {
    pub(super) fn entry(self, reach: &Reach) -> Result<Map<String, Value>, Error> {
        match reach {
            Reach::Start(start) => Ok(self.program_entry(start)),
            Reach::Url(remote) => self.remote_entry(remote),
        }
    }

    fn program_entry(self, start: &Start) -> Map<String, Value> {
        let mut entry = Map::new();
        if self.types_programs() {
            entry.insert("type".into(), json!("stdio"));
        }
        entry.insert("command".into(), json!(start.program));
        entry.insert("args".into(), json!(start.arguments));
        if !start.environment.is_empty() {
            let variables = start.environment.iter();
            let variables = variables.map(|(name, value)| (name.clone(), json!(value)));
            entry.insert("env".into(), Value::Object(variables.collect()));
        }
        entry
    }

    /// Without a token the client is sent to sign in. A token is named, not written: the client takes
    /// it from its own environment.
    fn remote_entry(self, Remote { url, token }: &Remote) -> Result<Map<String, Value>, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::invalid(format!("{url} is not an http or https address")));
        }
        let remote = self.remote().ok_or_else(|| {
            Error::invalid(format!("{}'s file can only name programs to start", self.title()))
                .hint("leave out --url, or add the address in its settings under Connectors")
        })?;
        let (before, after) = remote.variable;
        let mut entry = Map::new();
        if remote.typed {
            entry.insert("type".into(), json!("http"));
        }
        entry.insert(remote.address.into(), json!(url.as_str()));
        if *token {
            let bearer = format!("Bearer {before}{TOKEN_VARIABLE}{after}");
            entry.insert("headers".into(), json!({ "Authorization": bearer }));
        }
        Ok(entry)
    }
}

/// Desktop clients start programs without the user's `PATH`, so the Terraform program that the
/// user's shell finds is named.
pub(super) fn environment(environment: &Environment) -> Vec<(String, String)> {
    let variable = "PILOTHOUSE_TERRAFORM";
    let configured = environment.get(variable).map(PathBuf::from);
    let program = configured.or_else(|| find(environment.get("PATH")?, &["terraform", "tofu"]));
    let program = program.and_then(|path| path.into_os_string().into_string().ok());
    program.map(|path| (variable.to_owned(), path)).into_iter().collect()
}

/// What the Harness server needs: the settings that the user has set, and the keys, which are named
/// and not written wherever the client can take them from its own environment.
pub(super) fn harness(client: Client, environment: &Environment) -> Vec<(String, String)> {
    let named = |name: &str, placeholder: &str| match client.remote() {
        Some(remote) => format!("{}{name}{}", remote.variable.0, remote.variable.1),
        None => placeholder.to_owned(),
    };
    let mut variables = vec![(HARNESS_KEY.to_owned(), named(HARNESS_KEY, HARNESS_KEY_PLACEHOLDER))];
    if environment.get(FME_KEY).is_some() {
        variables.push((FME_KEY.to_owned(), named(FME_KEY, FME_KEY_PLACEHOLDER)));
    }
    variables.extend(config::harness_for_clients().flat_map(Setting::variables).filter_map(
        |name| {
            let value = environment.get(name)?.to_str()?;
            let is_file = name.ends_with("_FILE");
            // The client starts the program in a directory of its own choice.
            let absolute = std::path::absolute(value).ok().filter(|_| is_file);
            let value =
                absolute.map_or_else(|| value.to_owned(), |path| path.display().to_string());
            Some((name.to_owned(), value))
        },
    ));
    variables
}

pub(super) const HARNESS_KEY: &str = "HARNESS_API_KEY";
const FME_KEY: &str = "HARNESS_FME_API_KEY";
/// For a client that takes nothing from its environment: the user puts the keys here.
const HARNESS_KEY_PLACEHOLDER: &str = "pat.xxx.xxx.xxx";
const FME_KEY_PLACEHOLDER: &str = "(the key of HARNESS_FME_API_KEY)";

/// The first of `names` that some directory of `path` holds as a file.
fn find(path: &OsStr, names: &[&str]) -> Option<PathBuf> {
    let directories: Vec<_> = std::env::split_paths(path).collect();
    names.iter().find_map(|name| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let candidates = directories.iter().map(|directory| directory.join(&file));
        candidates.filter(|candidate| candidate.is_absolute()).find(|candidate| candidate.is_file())
    })
}
