//! `login`, `logout` and `whoami`.

use std::io::{self, BufRead as _, Write as _};

use pilothouse_model::{Error, Timestamp};
use serde_json::Value;
use url::Url;

use super::screen;
use crate::{
    cli::{LoginArguments, Output},
    config::Config,
    exit::{Exit, after_write},
    login::{self, Callback, file},
    place::Places,
};

/// Bytes of an address that is pasted.
const LONGEST_LINE: u64 = 16 * 1024;
/// Where the browser is sent that nobody waits for: its address bar has the answer.
const NOBODY: &str = "http://127.0.0.1:9/callback";

pub(super) async fn run(
    config: &Config,
    places: &Places<'_>,
    arguments: &LoginArguments,
) -> Result<Exit, Error> {
    let path = file::path(places)?;
    let base = match (&arguments.url, &config.server.public_url) {
        (Some(url), _) | (None, Some(url)) => url.clone(),
        (None, None) => local(config)?,
    };
    let login = if arguments.no_browser {
        let attempt = login::begin(&base, &arguments.scope, NOBODY).await?;
        tell(&format!(
            "Open this address in a browser:\n\n  {}\n\nAfterwards the browser shows an error. \
             Paste the address that it ended at:",
            attempt.url
        ))?;
        attempt.finish(&pasted()?, Timestamp::now()).await?
    } else {
        let callback = Callback::open().await?;
        let attempt = login::begin(&base, &arguments.scope, &callback.address).await?;
        tell(&format!("Open this address in a browser on this machine:\n\n  {}\n", attempt.url))?;
        attempt.finish(&callback.arrival().await?, Timestamp::now()).await?
    };
    let who = login::whoami(&login).await?;
    file::write(&path, &login)?;
    screen::text_line(&format!("Signed in to {} as {}.", login.url, text(&who, "name")))
}

pub(super) async fn whoami(places: &Places<'_>, output: Output) -> Result<Exit, Error> {
    let path = file::path(places)?;
    let mut login = file::read(&path)?;
    if let Some(renewed) = login::renewed(&login, Timestamp::now()).await? {
        file::write(&path, &renewed)?;
        login = renewed;
    }
    let who = login::whoami(&login).await?;
    if output.json {
        return screen::json(&who);
    }
    let roles: Vec<_> = who["roles"].as_array().into_iter().flatten().collect();
    let roles =
        roles.iter().map(|role| format!("{} in {}", text(role, "role"), text(role, "namespace")));
    let roles = if who["operator"] == true {
        "everything".to_owned()
    } else {
        roles.collect::<Vec<_>>().join(", ")
    };
    screen::fields(&[
        ("server", Some(login.url.clone())),
        ("name", Some(text(&who, "name"))),
        ("id", Some(text(&who, "sub"))),
        ("scopes", Some(text(&who, "scope"))),
        ("roles", Some(if roles.is_empty() { "none".to_owned() } else { roles })),
    ])
}

pub(super) fn logout(places: &Places<'_>) -> Result<Exit, Error> {
    let gone = file::delete(&file::path(places)?)?;
    screen::text_line(if gone { "Signed out." } else { "Nobody was signed in." })
}

/// The server of this configuration, as it is reached from this machine.
fn local(config: &Config) -> Result<Url, Error> {
    let address = super::health::reachable(config.server.listen);
    format!("http://{address}").parse().map_err(Error::internal)
}

/// The query of the address that somebody pasted.
fn pasted() -> Result<String, Error> {
    let mut line = String::new();
    let mut input = io::Read::take(io::stdin().lock(), LONGEST_LINE);
    input.read_line(&mut line).map_err(Error::internal)?;
    let address = Url::parse(line.trim());
    let query = address.ok().and_then(|address| address.query().map(str::to_owned));
    query.ok_or_else(|| Error::invalid("this is not the address that the browser ended at"))
}

/// On standard error: what is printed is the outcome.
fn tell(text: &str) -> Result<(), Error> {
    after_write(writeln!(anstream::stderr(), "{text}")).map(|_| ())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
