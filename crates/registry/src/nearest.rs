//! "Did you mean …?" for anything a caller can misspell.

/// Below this similarity (0 to 1) a suggestion would only mislead.
const CLOSE_ENOUGH: f64 = 0.55;

/// Names longer than this are not compared in full: the work is their product.
const COMPARED: usize = 64;

/// At most `n` of `candidates`, most similar to `name` first, of equals the shorter;
/// empty when nothing comes close.
pub fn nearest<'c>(name: &str, candidates: &[&'c str], n: usize) -> Vec<&'c str> {
    let name = normal(name);
    let mut ranked: Vec<(f64, &'c str)> = candidates
        .iter()
        .map(|candidate| (similarity(&name, &normal(candidate)), *candidate))
        .filter(|(score, _)| *score >= CLOSE_ENOUGH)
        .collect();
    // Of those with a word alike, the one with the fewest others first.
    ranked.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.len().cmp(&other.len())));
    ranked.into_iter().take(n).map(|(_, candidate)| candidate).collect()
}

fn normal(name: &str) -> String {
    name.chars()
        .take(COMPARED)
        .map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() })
        .collect()
}

/// The share of equal letters; a whole word of the candidate counts nearly as much as all of it.
fn similarity(name: &str, candidate: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(name, candidate);
    let word = candidate
        .split(['.', '_'])
        .map(|word| strsim::normalized_damerau_levenshtein(name, word))
        .fold(0.0, f64::max);
    whole.max(0.9 * word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let types =
            ["tharsis.run", "tharsis.plan", "tharsis.workspace", "tharsis.configuration_version"];
        for (name, meant) in [
            ("tharsis.rnu", vec!["tharsis.run"]),
            ("run", vec!["tharsis.run"]),
            ("Workspaces", vec!["tharsis.workspace"]),
            ("configuration-version", vec!["tharsis.configuration_version"]),
            ("zebra", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(nearest(name, &types, 1), meant, "{name:?}");
        }
    }

    #[test]
    fn is_bounded_and_keeps_the_order_of_equals() {
        assert_eq!(nearest("abc", &["abx", "aby", "abc"], 2), ["abc", "abx"]);
        assert_eq!(nearest(&"x".repeat(1_000_000), &["y"], 1), Vec::<&str>::new());
    }
}
