//! Measures what the product promises about its own cost, and prints it beside the budgets.
//!
//!     cargo bench                  prints the table
//!     cargo bench -- --write       also writes it to docs/reference/performance.md
//!
//! An MCP client like any other: it knows the program's command line and the protocol, nothing
//! inside, but for `access`, whose part of a call is measured by itself; for Harness it stands the
//! practice server beside the program. Linux only, because it reads `/proc`. Never part of the tests: time depends on the machine.

mod access;
mod http;
mod process;
mod stdio;
mod table;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use self::{http::Served, process::Program, table::Row};

/// Starts per surface; the table has the median.
const STARTS: usize = 20;
/// With the budget of each tools/list, in bytes, where there is one.
const SURFACES: [(&str, Option<usize>); 3] =
    [("unified", Some(16_000)), ("tharsis", None), ("harness", Some(24_000))];
const SESSIONS: usize = 200;
const CLIENTS: usize = 16;
/// Rounds of calls; the table has the median.
const ROUNDS: usize = 9;
const CALLS_PER_CLIENT: usize = 250;

fn main() -> Result<()> {
    let mut write = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--write" => write = true,
            // cargo adds it to every benchmark.
            "--bench" => {}
            other => bail!("unknown argument {other}; there is only --write"),
        }
    }
    let program = Program { path: PathBuf::from(env!("CARGO_BIN_EXE_pilothouse")) };
    let mut rows = starts(&program)?;
    rows.extend(serving(&program)?);
    let size = fs::metadata(&program.path)?.len();
    rows.push(Row::new(
        "release binary, stripped",
        table::megabytes(25.0),
        table::megabytes_of(size),
    ));

    let table = table::render(&rows);
    writeln!(std::io::stdout(), "{table}")?;
    if write {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/performance.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let page = table::replaced(&page, &table).context("the page has no table")?;
        fs::write(&path, page).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// What a client waits for and pays when it starts the program.
fn starts(program: &Program) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (surface, budget) in SURFACES {
        let home = tempfile::tempdir()?;
        let starts = (0..STARTS)
            .map(|_| stdio::start(program, surface, home.path()))
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("stdio, surface {surface}"))?;
        let what = |what: &str| format!("{what}, {surface}");
        let median = |of: fn(&stdio::Start) -> f64| table::median(starts.iter().map(of));
        rows.extend([
            Row::new(
                what("stdio start to first tools/list"),
                table::milliseconds(30.0),
                table::milliseconds(median(|start| start.wall.as_secs_f64() * 1e3)),
            ),
            Row::new(
                what("CPU until then"),
                String::new(),
                table::milliseconds(median(|start| start.cpu.as_secs_f64() * 1e3)),
            ),
            Row::new(
                what("resident memory then"),
                table::megabytes(25.0),
                table::megabytes(median(|start| start.resident_megabytes)),
            ),
            Row::new(
                what("tools/list"),
                budget.map(table::kilobytes).unwrap_or_default(),
                table::kilobytes(starts[0].tools_bytes),
            ),
        ]);
    }
    Ok(rows)
}

/// What `serve` costs with many clients.
fn serving(program: &Program) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let served = Served::start(program).await?;
        let (group, pipeline) = (http::group(), http::pipeline());
        let _open = served.open_sessions(group.path, SESSIONS).await?;
        let resident = served.resident_megabytes()?;
        let mut rows = vec![Row::new(
            format!("resident memory, serve with {SESSIONS} legacy sessions"),
            table::megabytes(60.0),
            table::megabytes(resident),
        )];
        for probe in [group, pipeline] {
            let sessions = served.open_sessions(probe.path, CLIENTS).await?;
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let spent = served.cpu_per_call(&probe, &sessions, CALLS_PER_CLIENT).await?;
                rounds.push(spent.as_secs_f64() * 1e3);
            }
            rows.push(Row::new(
                format!("CPU per {} over HTTP, {CLIENTS} clients, policy and audit on", probe.tool),
                table::milliseconds(0.15),
                table::milliseconds(table::median(rounds.into_iter())),
            ));
        }
        let cost = access::verify_and_decide().await?;
        for (under, budget, today) in [
            ("", Some(0.03), cost.without_policies),
            (" under 50 policies of one's own", Some(0.03), cost.with_policies),
            (" the first time that somebody does this to that", None, cost.first_time),
        ] {
            rows.push(Row::new(
                format!("CPU to verify a token and decide about a call{under}"),
                budget.map(table::milliseconds).unwrap_or_default(),
                table::milliseconds(today.as_secs_f64() * 1e3),
            ));
        }
        Ok(rows)
    })
}
