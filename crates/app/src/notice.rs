//! What `serve` tells who started it, on standard error.

use std::{io::Write as _, path::Path};

use anstyle::{AnsiColor, Style};

const BOLD: Style = Style::new().bold();
const PATH: Style = AnsiColor::Cyan.on_default();

pub(crate) fn serving(url: &str, token_file: &Path, setup_url: Option<&str>) {
    let token_file = token_file.display();
    let text = format!(
        "{BOLD}Pilothouse{BOLD:#} serves at {PATH}{url}{PATH:#}

  MCP, everything      {url}/mcp
  MCP, as Tharsis      {url}/mcp/tharsis
  Tharsis' own API     {url}/platforms/tharsis (REST), {url} (gRPC)
  health               {url}/health

  token                {PATH}{token_file}{PATH:#}

Connect Claude Code, which then asks you to sign in:

  claude mcp add --transport http pilothouse {url}/mcp

Other clients: pilothouse connect cursor --url {url}/mcp. Stop with Ctrl-C.
"
    );
    tell(&text);
    if let Some(setup_url) = setup_url {
        tell(&format!(
            "Nobody has an account yet. The first administrator makes one at\n\n  {PATH}{setup_url}{PATH:#}\n"
        ));
    }
}

/// The same where nobody may be looking and much may be collected: one line of the log, without the
/// link, of which only the file is named.
pub(crate) fn serving_unseen(url: &str, token_file: &Path, setup_file: Option<&Path>) {
    let token_file = tracing::field::display(token_file.display());
    let setup_file = setup_file.map(|path| tracing::field::display(path.display()));
    tracing::info!(url, token_file, setup_file, "Pilothouse serves");
}

pub(crate) fn stopping() {
    tell("Stopping: requests in progress finish, jobs are interrupted.");
}

/// Nobody may be listening; that stops nothing.
fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
