//! `cargo xtask docs`: writes the generated pages.

use std::{io::Write, process::ExitCode};

use anyhow::Result;
use pilothouse_xtask::{page, workspace};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["docs"] {
        writeln!(std::io::stderr(), "usage: cargo xtask docs")?;
        return Ok(ExitCode::from(2));
    }
    let root = workspace::root();
    for path in page::write(&root, &page::all(&workspace::files(&root)?)?)? {
        writeln!(std::io::stdout(), "wrote {path}")?;
    }
    Ok(ExitCode::SUCCESS)
}
