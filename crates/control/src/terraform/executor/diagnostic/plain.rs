//! Complaints in the plain text that Terraform prints on its standard error: all there is from
//! `init` of older versions, and from anything that fails before `-json` is understood.

use super::{Complaint, Position, Range, Snippet};

/// The most lines of one complaint that are looked at.
const MAX_LINES: usize = 400;

/// Collects complaints from lines, in whatever frame they are printed.
#[derive(Debug, Default)]
pub(in super::super) struct PlainText {
    /// The severity and the lines of the complaint that is being read.
    open: Option<(&'static str, Vec<String>)>,
}

impl PlainText {
    /// Takes the next line and returns the complaint that it shows to be complete.
    pub(in super::super) fn line(&mut self, line: &str) -> Option<Complaint> {
        let text = match line.strip_prefix('│') {
            Some(framed) => framed.strip_prefix(' ').unwrap_or(framed),
            None => line,
        };
        let start = [("error", "Error: "), ("warning", "Warning: ")]
            .into_iter()
            .find_map(|(severity, title)| Some((severity, text.strip_prefix(title)?)));
        if let Some((severity, summary)) = start {
            return self.open.replace((severity, vec![summary.to_owned()])).map(complaint);
        }
        if line.starts_with(['╷', '╵']) {
            return self.end();
        }
        if let Some((_, lines)) = &mut self.open
            && lines.len() < MAX_LINES
        {
            lines.push(text.trim_end().to_owned());
        }
        None
    }

    /// Whether the last line was part of a complaint.
    pub(in super::super) fn is_within(&self) -> bool {
        self.open.is_some()
    }

    /// The last complaint, once there are no more lines.
    pub(in super::super) fn end(&mut self) -> Option<Complaint> {
        self.open.take().map(complaint)
    }
}

fn complaint((severity, lines): (&'static str, Vec<String>)) -> Complaint {
    let mut paragraphs = lines.split(String::is_empty);
    let summary = paragraphs.next().unwrap_or_default().join(" ");
    let mut complaint =
        Complaint { severity: severity.to_owned(), summary, ..Complaint::default() };
    let mut detail = Vec::new();
    for paragraph in paragraphs {
        if detail.is_empty() && complaint.range.is_none() && read_place(paragraph, &mut complaint) {
            continue;
        }
        if !paragraph.is_empty() {
            detail.push(paragraph.join("\n"));
        }
    }
    complaint.detail = detail.join("\n\n");
    complaint
}

/// Reads a paragraph like `with ADDRESS,` / `on FILE line N, in CONTEXT:` / `N: CODE`.
fn read_place(paragraph: &[String], complaint: &mut Complaint) -> bool {
    let mut lines = paragraph.iter().map(String::as_str).peekable();
    let address = lines.next_if(|line| line.starts_with("  with "));
    let Some(place) = lines.next().and_then(|line| line.strip_prefix("  on ")) else {
        return false;
    };
    let Some((filename, rest)) = place.trim_end_matches(':').rsplit_once(" line ") else {
        return false;
    };
    let (number, context) = match rest.split_once(", in ") {
        Some((number, context)) => (number, Some(context.to_owned())),
        None => (rest, None),
    };
    let Ok(line) = number.parse() else { return false };
    let code: Vec<&str> = lines
        .map_while(|line| line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, ""))))
        .map_while(|(number, code)| number.trim().parse::<u64>().is_ok().then_some(code))
        .collect();
    complaint.address = address
        .and_then(|line| line.trim().strip_prefix("with "))
        .map(|address| address.trim_end_matches(',').to_owned());
    complaint.range = Some(Range { filename: filename.to_owned(), start: Position { line } });
    complaint.snippet = (!code.is_empty()).then(|| Snippet {
        context,
        code: code.join("\n"),
        start_line: line,
        ..Snippet::default()
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Complaint> {
        let mut plain = PlainText::default();
        let mut found: Vec<_> = text.lines().filter_map(|line| plain.line(line)).collect();
        found.extend(plain.end());
        found
    }

    #[test]
    fn complaints_are_read_from_both_forms() {
        let bare = "\
Initializing...
Error: Argument definition
required

  on main.tf line 7, in terraform:
   7: terraform {
   8:

One block holds
one argument.

Second paragraph.

Warning: Old thing
";
        let framed = "\
╷
│ Error: Argument definition required
│ 
│   on main.tf line 7, in terraform:
│    7: terraform {
│    8:
│ 
│ One block holds
│ one argument.
│ 
│ Second paragraph.
╵
text between
╷
│ Warning: Old thing
╵
";
        for text in [bare, framed] {
            let found = read(text);
            assert_eq!(found.len(), 2, "{text}");
            assert_eq!(found[0].summary, "Argument definition required");
            assert_eq!(found[0].detail, "One block holds\none argument.\n\nSecond paragraph.");
            let range = found[0].range.as_ref().unwrap();
            assert_eq!((range.filename.as_str(), range.start.line), ("main.tf", 7));
            let snippet = found[0].snippet.as_ref().unwrap();
            assert_eq!(snippet.code, "terraform {\n");
            assert_eq!(snippet.context.as_deref(), Some("terraform"));
            assert_eq!(
                (found[1].severity.as_str(), found[1].summary.as_str()),
                ("warning", "Old thing")
            );
        }
    }

    #[test]
    fn the_resource_is_read_and_other_text_is_detail() {
        let found =
            read("Error: Boom\n\n  with terraform_data.a[\"x\"],\n  on m/a b.tf line 3:\n\nWhy.\n");
        assert_eq!(found[0].address.as_deref(), Some("terraform_data.a[\"x\"]"));
        assert_eq!(found[0].range.as_ref().unwrap().filename, "m/a b.tf");
        assert!(found[0].snippet.is_none());
        let found = read("Error: Boom\n\n  on the whole line up\n\nWhy.\n");
        assert_eq!(found[0].detail, "  on the whole line up\n\nWhy.");
        assert!(read("no complaint\n").is_empty());
    }
}
