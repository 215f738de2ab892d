//! `pilothouse tour`: the main job from end to end, against a private server of its own.
//!
//! Everything goes through MCP over HTTP, exactly as an agent would do it; each step checks what
//! it was shown and the first surprise ends the tour.

mod screen;
mod story;

use std::{path::PathBuf, sync::Arc};

use pilothouse_gateway::client::Client;
use pilothouse_model::Error;

use self::{screen::Screen, story::Story};
use crate::{config::Config, exit::Exit, serve};

/// Runs the tour. With `keep` the server stays up afterwards until interrupted.
pub async fn run(config: Config, keep: bool) -> Result<Exit, Error> {
    let screen = Arc::new(Screen::new());
    let terraform = match serve::terraform_binary(&config).await {
        Ok(binary) => binary,
        Err(error) => {
            Screen::missing(&error);
            return Ok(Exit::Missing);
        }
    };
    let directory = Directory::new()?;
    let config = config.for_tour(directory.path());
    let server = serve::start(config).await?;
    Screen::title(&server.url, &terraform);

    let outcome = tell(&server, &screen).await;
    if let Err(error) = &outcome {
        screen.failed(error);
    }
    if keep && outcome.is_ok() {
        Screen::kept(&server.url, &server.token_file);
        server.until_interrupted().await?;
    } else {
        server.stop().await;
    }
    screen.end(outcome.is_ok());
    Ok(if outcome.is_ok() { Exit::Done } else { Exit::Failed })
}

async fn tell(server: &serve::Running, screen: &Arc<Screen>) -> Result<(), Error> {
    let token = server.token()?;
    let url = format!("{}/mcp", server.url);
    let client = Client::connect(&url, &token, Arc::clone(screen) as _).await?;
    let outcome = Story::new(&client, screen).tell().await;
    client.close().await;
    outcome
}

/// The tour's own data directory, removed at its end.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Result<Self, Error> {
        let directory = tempfile::Builder::new().prefix("pilothouse-tour-").tempdir();
        directory.map(Self).map_err(|error| {
            Error::unavailable(format!("cannot make a temporary directory: {error}"))
        })
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}
