//! Reading prompts, and what is refused.

use super::*;
use crate::embedded::File;

fn read(text: &str) -> Result<Vec<Prompt>, String> {
    let mut faults = Vec::new();
    let files = [File { path: "prompt/x.toml".into(), text: text.to_owned().into() }];
    let prompts = load::read(&files, &mut faults);
    if faults.is_empty() { Ok(prompts) } else { Err(LoadError { faults }.to_string()) }
}

const SAMPLE: &str = r#"
[arg.id]
about = "Which run"
given = "The run is `{}`."
missing = "Find the run first."
values = ["a", "b"]

[arg.goal]
about = "What for"
given = "The goal: {}"

[prompt.fix]
title = "Fix"
about = "Fixes it"
aliases = ["repair"]
required = ["goal"]
optional = ["id"]
text = "Look, then fix."
"#;

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_prompt_lists_what_was_said_below_its_text_under_each_of_its_names() {
    let prompts = read(SAMPLE).unwrap();
    assert_eq!(
        prompts.iter().map(|prompt| prompt.name.as_str()).collect::<Vec<_>>(),
        ["fix", "repair"]
    );
    for prompt in prompts {
        assert_eq!(
            prompt.render(&given(&[("goal", "green\u{1b}[31m builds"), ("id", "")])).unwrap(),
            "Look, then fix.\n\nThis time:\n- The goal: green builds\n- Find the run first."
        );
        let long = "x".repeat(MAX_VALUE * 2);
        let text = prompt.render(&given(&[("goal", &long), ("id", "r1")])).unwrap();
        assert!(text.len() < MAX_VALUE + 200 && text.ends_with("The run is `r1`."));
    }
}

#[test]
fn wrong_arguments_are_named() {
    let prompt = &read(SAMPLE).unwrap()[0];
    let error = |pairs: &[(&str, &str)]| prompt.render(&given(pairs)).unwrap_err();
    assert!(error(&[]).message.contains("needs the argument \"goal\""));
    assert_eq!(error(&[("gaol", "x")]).hint.as_deref(), Some("did you mean \"goal\"?"));
}

#[test]
fn a_file_with_mistakes_is_refused() {
    for (from, to, complaint) in [
        ("{}`", "`", "one {}"),
        ("[\"goal\"]", "[\"gaol\"]", "not described"),
        ("[\"id\"]", "[]", "no prompt takes"),
        ("[\"id\"]", "[\"id\", \"id\"]", "twice"),
        ("[\"repair\"]", "[\"fix\"]", "is taken"),
        ("values =", "value =", "unknown field"),
    ] {
        let error = read(&SAMPLE.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(complaint), "{from} -> {to}: {error}");
    }
}
