//! Which toolsets an operator wants: a list names them, `+name` and `-name` change the usual ones.

use std::collections::BTreeSet;

use pilothouse_model::Error;
use pilothouse_registry::{nearest, surface::Surface as Spec};

/// The toolsets that `words` choose of `known`. No words choose all but those that are off.
pub(super) fn chosen(
    words: &[String],
    known: &[String],
    spec: &Spec,
) -> Result<BTreeSet<String>, Error> {
    let usual = || known.iter().filter(|name| !spec.off.contains(name)).cloned();
    let changes = words.is_empty() || words.iter().any(|word| word.starts_with(['+', '-']));
    let mut chosen: BTreeSet<String> = if changes { usual().collect() } else { BTreeSet::new() };
    for word in words {
        let given = word.trim_start_matches(['+', '-']);
        let name = spec.toolset_aliases.get(given).map_or(given, String::as_str);
        if !known.iter().any(|it| it == name) {
            return Err(unknown(word, name, known));
        }
        if word.starts_with('-') {
            chosen.remove(name);
        } else {
            chosen.insert(name.to_owned());
        }
    }
    Ok(chosen)
}

fn unknown(word: &str, name: &str, known: &[String]) -> Error {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let error = Error::invalid(format!("there is no toolset {word:?}"));
    let all = known.join(", ");
    match nearest(name, &known, 1).first() {
        Some(close) => error.hint(format!("did you mean {close:?}? There are: {all}")),
        None => error.hint(format!("there are: {all}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn choose(words: &str) -> Result<String, String> {
        let spec: Spec = Spec {
            server: String::new(),
            title: String::new(),
            instructions: String::new(),
            tool: BTreeMap::new(),
            verb: BTreeMap::new(),
            prefix: String::new(),
            search: Vec::new(),
            off: vec!["ansible".into()],
            toolset_aliases: [("agent-pipelines".into(), "agents".into())].into(),
        };
        let known = ["agents", "ansible", "ccm", "pipelines"].map(String::from);
        let words: Vec<String> =
            words.split(',').filter(|word| !word.is_empty()).map(String::from).collect();
        let chosen = chosen(&words, &known, &spec).map_err(|error| error.to_string())?;
        Ok(chosen.into_iter().collect::<Vec<_>>().join(","))
    }

    #[test]
    fn words_choose_or_change() {
        for (words, expected) in [
            ("", "agents,ccm,pipelines"),
            ("pipelines", "pipelines"),
            ("agent-pipelines,ccm", "agents,ccm"),
            ("+ansible", "agents,ansible,ccm,pipelines"),
            ("-ccm", "agents,pipelines"),
            ("-ccm,ansible", "agents,ansible,pipelines"),
        ] {
            assert_eq!(choose(words).unwrap(), expected, "{words}");
        }
        let error = choose("pipeline").unwrap_err();
        assert!(
            error.contains("did you mean \"pipelines\"? There are: agents, ansible"),
            "{error}"
        );
    }
}
