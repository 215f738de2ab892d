//! One start over standard input and output, as an MCP client of today does it.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdin, ChildStdout},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::process::Program;

/// What one start cost until the tools were listed.
pub(crate) struct Start {
    pub wall: Duration,
    pub cpu: Duration,
    pub resident_megabytes: f64,
    /// Of the result, as JSON.
    pub tools_bytes: usize,
}

pub(crate) fn start(program: &Program, surface: &str, home: &Path) -> Result<Start> {
    let home = home.to_str().context("the temporary directory is not UTF-8")?;
    let started = Instant::now();
    let mut environment = vec![("HOME", home)];
    if surface == "harness" {
        environment.push(("HARNESS_API_KEY", pilothouse_app::practice::API_KEY));
    }
    let mut running =
        program.start(&["stdio", "--surface", surface, "--data", home], &environment)?;
    let mut pipe = Pipe {
        input: running.child.stdin.take().context("no standard input")?,
        output: BufReader::new(running.child.stdout.take().context("no standard output")?),
    };
    pipe.ask(1, "initialize", &crate::http::initialize())?;
    pipe.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    let tools = pipe.ask(2, "tools/list", &json!({}))?;
    let wall = started.elapsed();
    ensure!(tools["tools"].as_array().is_some_and(|tools| !tools.is_empty()), "no tools");
    Ok(Start {
        wall,
        cpu: running.cpu_of_threads()?,
        resident_megabytes: running.resident_megabytes()?,
        tools_bytes: tools.to_string().len(),
    })
}

struct Pipe {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Pipe {
    fn send(&mut self, message: &Value) -> Result<()> {
        writeln!(self.input, "{message}")?;
        Ok(self.input.flush()?)
    }

    fn ask(&mut self, id: u64, method: &str, params: &Value) -> Result<Value> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.output.read_line(&mut line)? > 0, "{method}: the program has ended");
            let mut message: Value = serde_json::from_str(&line)?;
            if message["id"] == id {
                ensure!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return Ok(message["result"].take());
            }
        }
    }
}
