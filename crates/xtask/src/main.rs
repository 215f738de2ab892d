//! `cargo xtask docs`: writes the generated pages.

use std::{io::Write, process::ExitCode};

use anyhow::Result;
use pilothouse_xtask::{page, workspace};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["docs"] => {
            for path in page::write(&workspace::root(), &page::all())? {
                writeln!(std::io::stdout(), "wrote {path}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            writeln!(std::io::stderr(), "usage: cargo xtask docs")?;
            Ok(ExitCode::from(2))
        }
    }
}
