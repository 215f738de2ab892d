//! `pilothouse tour`: the main job from end to end, against a private server of its own.
//!
//! Everything goes through MCP over HTTP, exactly as an agent would do it; each step checks what
//! it was shown and the first surprise ends the tour.

mod guide;
mod harness;
mod screen;
mod terraform;

use std::{path::Path, sync::Arc};

use pilothouse_gateway::client::Client;
use pilothouse_model::Error;

use self::screen::Screen;
use crate::{
    cli::{TourArguments, TourPlatform},
    config::{Config, Harness},
    exit::Exit,
    practice,
    serve::{self, Running},
};

/// Runs the tour that is asked for.
pub async fn run(config: Config, arguments: &TourArguments) -> Result<Exit, Error> {
    let screen = Arc::new(Screen::new());
    let directory = Directory::new()?;
    let config = config.for_tour(directory.path())?;
    match arguments.platform {
        TourPlatform::Tharsis => Box::pin(on_terraform(config, &screen, arguments.keep)).await,
        TourPlatform::Harness => Box::pin(on_harness(config, &screen, arguments.keep)).await,
    }
}

async fn on_terraform(config: Config, screen: &Arc<Screen>, keep: bool) -> Result<Exit, Error> {
    let terraform = match serve::terraform_binary(&config).await {
        Ok(binary) => binary,
        Err(error) => {
            Screen::missing(&error);
            return Ok(Exit::Missing);
        }
    };
    let server = serve::start(config).await?;
    let story = "an agent finds, fixes and applies a failed Terraform run";
    Screen::title(story, &server.url, &terraform);
    let outcome = async {
        let client = connect(&server, "/mcp", screen).await?;
        let outcome = terraform::Story::new(&client, screen).tell().await;
        client.close().await;
        outcome
    };
    let outcome = outcome.await;
    end(server, screen, outcome, keep).await
}

async fn on_harness(config: Config, screen: &Arc<Screen>, keep: bool) -> Result<Exit, Error> {
    let platform = practice::Server::start().await?;
    let config = config.for_practice(&platform)?;
    let server = serve::start(config.clone()).await?;
    let story = "an agent finds out why a deployment failed, and deploys again";
    Screen::title(story, &server.url, "with a Harness in memory");
    let outcome = async {
        let client = connect(&server, "/mcp/harness", screen).await?;
        let outcome = harness::Story::new(&client, screen).tell().await;
        client.close().await;
        outcome?;
        Box::pin(refuse(config, screen)).await
    };
    let outcome = outcome.await;
    end(server, screen, outcome, keep).await
}

/// The same platform behind a server that may not write.
async fn refuse(mut config: Config, screen: &Arc<Screen>) -> Result<(), Error> {
    let directory = Directory::new()?;
    let harness = config.harness.clone();
    config = config.for_tour(directory.path())?;
    config.harness = Harness { read_only: true, ..harness };
    let server = serve::start(config).await?;
    let client = connect(&server, "/mcp/harness", screen).await?;
    let outcome = harness::Story::new(&client, screen).tell_read_only().await;
    client.close().await;
    server.stop().await;
    outcome
}

async fn connect(server: &Running, path: &str, screen: &Arc<Screen>) -> Result<Client, Error> {
    let url = format!("{}{path}", server.url);
    Client::connect(&url, &server.token()?, Arc::clone(screen) as _).await
}

/// With `keep` the server stays up after a good end until interrupted.
async fn end(
    server: Running,
    screen: &Screen,
    outcome: Result<(), Error>,
    keep: bool,
) -> Result<Exit, Error> {
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

/// The tour's own data directory, removed at its end.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Result<Self, Error> {
        let directory = tempfile::Builder::new().prefix("pilothouse-tour-").tempdir();
        directory.map(Self).map_err(|error| {
            Error::unavailable(format!("cannot make a temporary directory: {error}"))
        })
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}
