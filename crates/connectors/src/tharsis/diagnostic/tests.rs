//! The samples are what Terraform 1.11.4 printed, on a terminal (`color`) and with `-no-color`.

use serde_json::json;

use super::*;

macro_rules! sample {
    ($name:literal) => {
        [
            include_str!(concat!("../../../tests/data/terraform/", $name, ".color.txt")),
            include_str!(concat!("../../../tests/data/terraform/", $name, ".plain.txt")),
        ]
    };
}

/// Both spellings of a log must give these diagnostics.
fn check(logs: [&str; 2], expected: &Value) {
    for log in logs {
        let found = serde_json::to_value(parse_log(log)).unwrap();
        assert_eq!(&found, expected, "{log}");
    }
}

#[test]
fn an_error_has_file_line_and_snippet() {
    check(
        sample!("argument"),
        &json!([
            {
                "severity": "error",
                "summary": "Unsupported argument",
                "detail": "An argument named \"inptu\" is not expected here. Did you mean \"input\"?",
                "file": "main.tf",
                "line": 6,
                "snippet": "  inptu = \"a\"",
            },
            {
                "severity": "error",
                "summary": "Reference to undeclared resource",
                "detail": "A managed resource \"terraform_data\" \"wbe\" has not been declared in the root\nmodule.",
                "file": "main.tf",
                "line": 10,
                "snippet": "  value = terraform_data.wbe.output",
            },
        ]),
    );
}

#[test]
fn an_error_without_a_place_has_only_words() {
    for log in sample!("cycle") {
        let found = parse_log(log);
        assert_eq!(found.len(), 1);
        assert!(found[0].summary.starts_with("Cycle: terraform_data."), "{:?}", found[0]);
        assert_eq!((found[0].place(), found[0].detail.as_str()), (None, ""));
    }
}

#[test]
fn values_of_names_are_kept_apart_from_the_detail() {
    for log in sample!("function") {
        let found = parse_log(log);
        let seen: Vec<_> = found
            .iter()
            .map(|it| (it.summary.as_str(), it.line.unwrap(), it.values[0].as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("Invalid for_each argument", 6, "local.zones is tuple with 2 elements"),
                ("Error in function call", 11, "while calling element(list, index)"),
                ("Invalid index", 14, "local.zones is tuple with 2 elements"),
            ]
        );
        assert!(found[0].detail.starts_with("The given \"for_each\" argument value is unsuitable"));
    }
}

#[test]
fn errors_come_before_warnings() {
    for log in sample!("precondition") {
        let seen: Vec<_> =
            parse_log(log).into_iter().map(|it| (it.severity, it.summary, it.detail)).collect();
        assert_eq!(
            seen,
            [
                (
                    Severity::Error,
                    "Resource precondition failed".to_owned(),
                    "size must be below 10, got 12.".to_owned()
                ),
                (
                    Severity::Warning,
                    "Check block assertion failed".to_owned(),
                    "Not healthy.".to_owned()
                ),
            ]
        );
    }
}

#[test]
fn a_failed_apply_names_the_resource_in_its_module() {
    check(
        sample!("provisioner"),
        &json!([{
            "severity": "error",
            "summary": "local-exec provisioner error",
            "detail": "Error running command 'echo deploying; echo 'disk is full' >&2; exit 3': exit\nstatus 3. Output: deploying\ndisk is full",
            "address": "module.app.terraform_data.deploy",
            "file": "app/main.tf",
            "line": 4,
            "snippet": "  provisioner \"local-exec\" {",
        }]),
    );
}

#[test]
fn repeated_errors_and_the_announcement_before_them_are_dropped() {
    for log in sample!("syntax") {
        let found = parse_log(log);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].summary, "Unclosed configuration block");
        assert_eq!(found[0].place().as_deref(), Some("main.tf:1"));
    }
}

#[test]
fn every_sample_reads_the_same_on_a_terminal_and_without() {
    for (logs, summaries) in [
        (
            sample!("provider"),
            &["Failed to query available provider packages", "Inconsistent dependency lock file"][..],
        ),
        (sample!("variable"), &["No value for required variable"][..]),
        (sample!("warning"), &["Check block assertion failed"][..]),
        (
            sample!("module"),
            &["Unreadable module directory", "Unreadable module directory", "Module not installed"]
                [..],
        ),
    ] {
        let [terminal, plain] = logs.map(parse_log);
        assert_eq!(terminal, plain);
        let seen: Vec<_> = terminal.iter().map(|it| it.summary.as_str()).collect();
        assert_eq!(seen, summaries);
    }
}

#[test]
fn text_that_only_looks_like_a_diagnostic_is_bounded() {
    assert_eq!(parse_log(""), []);
    assert_eq!(parse_log("╷\n│ nothing here\n╵\n╷\n│ Error: cut off"), []);
    let long = format!("Error: {}\n\n{}", "s".repeat(10_000), "detail\n".repeat(10_000));
    let found = parse_log(&long);
    assert!(found[0].summary.len() <= MAX_SUMMARY && found[0].detail.len() <= MAX_DETAIL);
    let many = (0..500).map(|n| format!("Error: {n}\n")).collect::<Vec<_>>().join("\n");
    assert_eq!(parse_log(&many).len(), MAX_DIAGNOSTICS);
}

#[test]
fn the_platforms_own_diagnostics_are_read_in_both_spellings() {
    let flat = json!({"diagnostics": [{
        "severity": "error", "summary": "Bad\u{1b}[31m", "detail": "d",
        "file": "main.tf", "line": 3, "snippet": "x = 1"
    }]});
    let nested = json!([{
        "severity": "error", "summary": "Bad", "detail": "d",
        "range": {"filename": "main.tf", "start": {"line": 3}}, "snippet": {"code": "x = 1"}
    }]);
    let found = from_platform(&flat);
    assert_eq!(found, from_platform(&nested));
    assert_eq!(found[0].place().as_deref(), Some("main.tf:3"));
    assert_eq!(from_platform(&json!({"diagnostics": [{"severity": "error"}]})), []);
}
