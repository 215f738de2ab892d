//! Terraform's complaints: read from its JSON, or from its text where there is no JSON, and
//! written the way an operator knows them.

use std::fmt::Write;

use pilothouse_model::{Error, text};
use serde::Deserialize;

use super::{Diagnostic, secret::Mask};

mod plain;

pub(super) use self::plain::PlainText;

/// The longest single field that is kept.
const MAX_FIELD_BYTES: usize = 16 * 1024;

/// How Terraform introduces errors of `init`; it repeats that there are errors, and says no more.
const PREAMBLE: &str = "Terraform encountered problems during initiali";
const PREAMBLE_OF_TOFU: &str = "OpenTofu encountered problems during initiali";

/// A diagnostic as in `terraform -json`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Complaint {
    pub(super) severity: String,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) detail: String,
    pub(super) address: Option<String>,
    pub(super) range: Option<Range>,
    pub(super) snippet: Option<Snippet>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Range {
    pub(super) filename: String,
    pub(super) start: Position,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Position {
    pub(super) line: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Snippet {
    pub(super) context: Option<String>,
    pub(super) code: String,
    pub(super) start_line: u64,
    #[serde(default)]
    pub(super) values: Vec<Value>,
}

/// What an expression of the snippet was at the time.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Value {
    traversal: String,
    statement: String,
}

impl Complaint {
    /// An error of the executor's own, told like one of Terraform's.
    pub(super) fn of_error(error: &Error) -> Self {
        Self {
            severity: "error".to_owned(),
            summary: error.message.clone(),
            detail: error.hint.clone().unwrap_or_default(),
            ..Self::default()
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Whether it only announces the complaints around it.
    pub(super) fn is_preamble(&self) -> bool {
        self.summary.starts_with(PREAMBLE) || self.summary.starts_with(PREAMBLE_OF_TOFU)
    }

    /// What is stored, without secrets and within bounds.
    pub(super) fn store(&self, mask: &Mask) -> Diagnostic {
        let range = self.range.clone().or_else(|| place_in(&self.detail));
        let clean = |field: &str| {
            let clean = mask.clean(field);
            text::prefix(clean.trim_end(), MAX_FIELD_BYTES).to_owned()
        };
        Diagnostic {
            severity: clean(&self.severity),
            summary: clean(&self.summary),
            detail: clean(&self.detail),
            file: range.as_ref().map(|range| clean(&range.filename)),
            line: range.as_ref().map(|range| range.start.line),
            snippet: self.snippet.as_ref().map(|snippet| clean(&snippet.code)),
            address: self
                .address
                .clone()
                .or_else(|| self.address_in_context())
                .as_deref()
                .map(clean),
        }
    }

    /// The resource whose block it is about, where Terraform does not say. Only the root module's
    /// blocks have an address that can be read off.
    fn address_in_context(&self) -> Option<String> {
        let context = self.snippet.as_ref()?.context.as_ref()?;
        let (kind, labels) = context.split_once(' ')?;
        let (resource_type, name) =
            labels.strip_prefix('"')?.strip_suffix('"')?.split_once("\" \"")?;
        let in_root = self.range.as_ref().is_some_and(|range| !range.filename.contains('/'));
        match kind {
            "resource" if in_root => Some(format!("{resource_type}.{name}")),
            "data" if in_root => Some(format!("data.{resource_type}.{name}")),
            _ => None,
        }
    }

    /// The framed text that Terraform shows in a terminal.
    pub(super) fn frame(&self) -> String {
        let title = match self.severity.as_str() {
            "warning" => "Warning",
            _ => "Error",
        };
        let mut body = format!("{title}: {}\n", self.summary);
        self.describe_place(&mut body);
        if !self.detail.is_empty() {
            body.extend(["\n", &self.detail]);
        }
        let mut framed = String::from("╷\n");
        for line in body.trim_end().lines() {
            framed.extend(["│ ", line]);
            framed.truncate(framed.trim_end_matches(' ').len());
            framed.push('\n');
        }
        framed.push('╵');
        framed
    }

    fn describe_place(&self, body: &mut String) {
        let mut place = String::new();
        if let Some(address) = &self.address {
            place.extend(["  with ", address, ",\n"]);
        }
        if let Some(range) = &self.range {
            let context = self.snippet.as_ref().and_then(|snippet| snippet.context.as_deref());
            let context = context.map(|context| format!(", in {context}")).unwrap_or_default();
            let (file, line) = (&range.filename, range.start.line);
            _ = writeln!(place, "  on {file} line {line}{context}:");
        }
        if let Some(snippet) = &self.snippet {
            snippet.describe(&mut place);
        }
        if !place.is_empty() {
            body.extend(["\n", &place]);
        }
    }
}

impl Snippet {
    fn describe(&self, place: &mut String) {
        for (number, code) in (self.start_line..).zip(self.code.lines()) {
            _ = writeln!(place, "{number:>4}: {code}");
        }
        if self.values.is_empty() {
            return;
        }
        place.push_str("    ├────────────────\n");
        for Value { traversal, statement } in &self.values {
            _ = writeln!(place, "    │ {traversal} {statement}");
        }
    }
}

/// The place that some complaints of `init` have in their text only, like `main.tf:3`.
fn place_in(detail: &str) -> Option<Range> {
    detail.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let (filename, line) = word.rsplit_once(':')?;
        let known = [".tf", ".tf.json", ".tofu", ".tofu.json"];
        let line = line.parse().ok().filter(|_| known.iter().any(|end| filename.ends_with(end)))?;
        Some(Range { filename: filename.to_owned(), start: Position { line } })
    })
}

/// One message for people about the first error, or `None` when there is no error.
pub(super) fn first_error(diagnostics: &[Diagnostic]) -> Option<String> {
    let first = diagnostics.iter().find(|diagnostic| diagnostic.severity == "error")?;
    let mut message = first.summary.clone();
    match (&first.file, first.line) {
        (Some(file), Some(line)) => _ = write!(message, " ({file} line {line})"),
        (Some(file), None) => _ = write!(message, " ({file})"),
        (None, _) => {}
    }
    if !first.detail.is_empty() {
        message.extend([": ", &first.detail]);
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint() -> Complaint {
        serde_json::from_value(serde_json::json!({
            "severity": "error",
            "summary": "Resource precondition failed",
            "detail": "The size must be even.\nIt is not.\n",
            "address": "terraform_data.first",
            "range": {"filename": "main.tf", "start": {"line": 9, "column": 1, "byte": 1}, "end": {}},
            "snippet": {
                "context": "resource \"terraform_data\" \"first\"",
                "code": "condition = var.size % 2 == 0",
                "start_line": 9,
                "values": [{"traversal": "var.size", "statement": "is 3"}],
            },
        }))
        .unwrap()
    }

    #[test]
    fn an_error_is_framed_with_its_place_and_values() {
        let expected = "\
╷
│ Error: Resource precondition failed
│
│   with terraform_data.first,
│   on main.tf line 9, in resource \"terraform_data\" \"first\":
│    9: condition = var.size % 2 == 0
│     ├────────────────
│     │ var.size is 3
│
│ The size must be even.
│ It is not.
╵";
        assert_eq!(complaint().frame(), expected);
        let bare =
            Complaint { severity: "warning".into(), summary: "Old".into(), ..Complaint::default() };
        assert_eq!(bare.frame(), "╷\n│ Warning: Old\n╵");
    }

    #[test]
    fn what_is_stored_is_structured_and_bounded() {
        let stored = complaint().store(&Mask::default());
        assert_eq!((stored.file.as_deref(), stored.line), (Some("main.tf"), Some(9)));
        assert_eq!(stored.detail, "The size must be even.\nIt is not.");
        assert_eq!(stored.snippet.as_deref(), Some("condition = var.size % 2 == 0"));
        assert_eq!(stored.address.as_deref(), Some("terraform_data.first"));
        assert_eq!(
            first_error(&[stored]).unwrap(),
            "Resource precondition failed (main.tf line 9): The size must be even.\nIt is not."
        );
        let long = Complaint { detail: "é".repeat(MAX_FIELD_BYTES), ..complaint() };
        assert_eq!(long.store(&Mask::default()).detail.len(), MAX_FIELD_BYTES);
    }
}
