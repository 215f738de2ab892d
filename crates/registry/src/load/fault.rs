//! What is wrong with registry files, and where.

use std::fmt;

use thiserror::Error;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    /// The path inside the file, as in `run.get.id`; empty for the file as a whole.
    pub at: String,
    pub problem: String,
}

impl Fault {
    pub(crate) fn new(file: &str, at: &str, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: at.to_owned(), problem: problem.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, at, problem } = self;
        if at.is_empty() {
            write!(f, "{file}: {problem}")
        } else {
            write!(f, "{file}: {at}: {problem}")
        }
    }
}

/// Why a platform could not be loaded: every fault of its files.
#[derive(Clone, Debug, Error)]
pub struct LoadError {
    pub faults: Vec<Fault>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.faults.iter().map(Fault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Collects faults under one place of one file.
pub(crate) struct Report<'a> {
    file: &'a str,
    at: String,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, faults: &'a mut Vec<Fault>) -> Self {
        Self { file, at: String::new(), faults }
    }

    /// The same report, one level deeper.
    pub(super) fn within(&mut self, name: &str) -> Report<'_> {
        let at = if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) };
        Report { file: self.file, at, faults: self.faults }
    }

    pub(crate) fn fault(&mut self, problem: impl Into<String>) {
        self.faults.push(Fault::new(self.file, &self.at, problem));
    }

    /// The value, or a fault.
    pub(super) fn keep<T, E: fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.fault(error.to_string())).ok()
    }
}
