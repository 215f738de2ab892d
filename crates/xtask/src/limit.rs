//! What the product accepts at most: `docs/reference/limits.md` is written from the rows of
//! `table` and from the sources, and each row's test must exist.

use std::fmt::Write as _;

use anyhow::{Context, Result};

pub use self::table::LIMITS;
use crate::workspace::File;

mod table;

/// One bound on something that comes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub what: &'static str,
    /// A file and the name of a constant, or of a field with a default, in it.
    pub source: (&'static str, &'static str),
    /// The name of a test that goes beyond it.
    pub test: &'static str,
}

/// The page, from the values in the sources.
///
/// # Errors
/// When a row names something that is not in its file.
pub fn page(files: &[File]) -> Result<String> {
    let mut page = String::from(
        "# Limits\n\n<!-- Written by `cargo xtask docs`; edit crates/xtask/src/limit/table.rs instead. -->\n\n\
         What Pilothouse accepts at most, where that is said, and the test that goes beyond it. What\n\
         exceeds a limit is refused with a message that names it.\n\n\
         | what | at most | where | test |\n|---|---|---|---|\n",
    );
    for Limit { what, source: (path, name), test } in &LIMITS {
        let value = value(files, path, name)
            .with_context(|| format!("{path} has no {name} with a value"))?;
        let _ = writeln!(page, "| {what} | {} | `{name}` in `{path}` | `{test}` |", shown(&value));
    }
    Ok(page)
}

/// Rows whose test does not exist.
pub fn untested(files: &[File]) -> Vec<String> {
    let exists = |test: &str| {
        let function = format!("fn {test}()");
        files.iter().any(|file| file.is_rust() && file.text.contains(&function))
    };
    LIMITS
        .iter()
        .filter(|limit| !exists(limit.test))
        .map(|limit| format!("{}: there is no test {}", limit.what, limit.test))
        .collect()
}

/// The expression of `const name: … = …;`, of the first field `name: <number>…,`, or of a line
/// `name = …` of TOML.
fn value(files: &[File], path: &str, name: &str) -> Option<String> {
    let text = &files.iter().find(|file| file.path == path)?.text;
    if let Some((_, constant)) = text.split_once(&format!("const {name}: ")) {
        let (_type, rest) = constant.split_once(" = ")?;
        return Some(rest.split_once(';')?.0.to_owned());
    }
    let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
    if let Some((_, value)) = lines.find(|(key, _)| *key == name) {
        return Some(value.to_owned());
    }
    let field = format!(" {name}: ");
    let fields = text.split(&field).skip(1);
    let mut numbers = fields.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    Some(numbers.next()?.split_once(',')?.0.split(" }").next()?.to_owned())
}

/// A product as the number it is: `4 * 1024 * 1024` reads as 4 MiB.
fn shown(expression: &str) -> String {
    let factors = expression.replace('_', "").replace(" << 20", " * 1024 * 1024");
    let factors = factors.replace(" << 10", " * 1024");
    let numbers: Option<Vec<u64>> =
        factors.split(" * ").map(|factor| factor.trim().parse().ok()).collect();
    let Some(numbers) = numbers else { return format!("`{expression}`") };
    let product: u64 = numbers.iter().product();
    match numbers.iter().filter(|number| **number == 1024).count() {
        2 => format!("{} MiB", product >> 20),
        1 => format!("{} KiB", product >> 10),
        _ => product.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_constants_and_defaults() {
        let text = "pub const A: usize = 4 * 1024;\nSelf { b: 10_000, c: 16 << 20, d: other }";
        let files = [File::new("a.rs", text), File::new("b.toml", "[a]\nb_e = 1\ne = 5\n")];
        let read = |name| value(&files, "a.rs", name).map(|value| shown(&value));
        assert_eq!(read("A").as_deref(), Some("4 KiB"));
        assert_eq!(read("b").as_deref(), Some("10000"));
        assert_eq!(read("c").as_deref(), Some("16 MiB"));
        assert_eq!(read("d"), None);
        assert_eq!(value(&files, "b.toml", "e").as_deref(), Some("5"));
    }
}
