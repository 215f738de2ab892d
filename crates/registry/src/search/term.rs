//! From text to the terms that are indexed and looked up, and how alike two terms are.

/// Longer words are cut: nothing we index has them.
const MAX_TERM: usize = 48;

/// What a query may consist of at most, in bytes.
const MAX_QUERY: usize = 1024;

/// Words that say nothing about what is looked for.
const FILLERS: [&str; 66] = [
    "a",
    "about",
    "all",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "by",
    "can",
    "could",
    "currently",
    "did",
    "do",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "how",
    "i",
    "if",
    "in",
    "is",
    "it",
    "just",
    "many",
    "me",
    "much",
    "my",
    "need",
    "now",
    "of",
    "on",
    "or",
    "our",
    "please",
    "right",
    "should",
    "so",
    "some",
    "that",
    "the",
    "then",
    "there",
    "this",
    "to",
    "us",
    "want",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
];

/// The terms of a text in order.
pub(super) fn all(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| stem(&word.chars().take(MAX_TERM).collect::<String>().to_lowercase()))
}

/// The terms of a text, to compare with those of another.
pub(super) fn phrase(text: &str) -> String {
    let text = pilothouse_model::text::prefix(text, MAX_QUERY);
    all(text).collect::<Vec<_>>().join(" ")
}

/// The terms of a query: without fillers, unless it consists of nothing else.
pub(super) fn of_query(query: &str) -> Vec<String> {
    let query = pilothouse_model::text::prefix(query, MAX_QUERY);
    let fillers: Vec<String> = FILLERS.iter().flat_map(|word| all(word)).collect();
    let mut terms: Vec<String> = Vec::new();
    let mut filling: Vec<String> = Vec::new();
    for term in all(query) {
        let list = if fillers.contains(&term) { &mut filling } else { &mut terms };
        if !list.contains(&term) {
            list.push(term);
        }
    }
    if terms.is_empty() { filling } else { terms }
}

/// One term for the forms of an English word: plans, planned, planning → plan.
fn stem(word: &str) -> String {
    let without = |ending: &str, least: usize| {
        word.strip_suffix(ending).filter(|rest| rest.chars().count() >= least)
    };
    let rest = if let Some(rest) = without("ies", 3) {
        return format!("{rest}y");
    } else if let Some(rest) = without("ing", 4).or_else(|| without("ed", 3)) {
        undouble(rest)
    } else if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        word
    } else {
        without("s", 3).unwrap_or(word)
    };
    rest.strip_suffix('e').filter(|rest| rest.chars().count() >= 4).unwrap_or(rest).to_owned()
}

/// `plann` → `plan`; `fail` stays, and so does `pass`.
fn undouble(word: &str) -> &str {
    let mut letters = word.chars().rev();
    match (letters.next(), letters.next()) {
        (Some(last), Some(before)) if last == before && !"aeiousl".contains(last) => {
            &word[..word.len() - last.len_utf8()]
        }
        _ => word,
    }
}

/// How likely `term`, which starts with `word`, is what was meant: surely if they are equal, less
/// the more is missing. Words under three letters are not completed.
pub(super) fn completion(word: &str, term: &str) -> Option<f64> {
    let (typed, whole) = (word.chars().count(), term.chars().count());
    if typed == whole {
        return Some(1.0);
    }
    (typed >= 3).then(|| if typed * 2 >= whole { 0.6 } else { 0.35 })
}

/// How likely `word` is a misspelling of `term`: one error in four letters, two in eight.
pub(super) fn misspelling(word: &str, term: &str) -> Option<f64> {
    let length = word.chars().count();
    let errors = match length {
        0..4 => return None,
        4..8 => 1,
        _ => 2,
    };
    if length.abs_diff(term.chars().count()) > errors {
        return None;
    }
    match strsim::osa_distance(word, term) {
        1 => Some(0.5),
        2 if errors == 2 => Some(0.3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one_term() {
        for (words, term) in [
            ("plan plans planned planning Plan", "plan"),
            ("fail fails failed failing", "fail"),
            ("create creates created creating", "creat"),
            ("apply", "apply"),
            ("applies", "apply"),
            ("run runs running", "run"),
            ("status", "status"),
            ("access", "access"),
        ] {
            for found in all(words) {
                assert_eq!(found, term, "{words}");
            }
        }
        assert_eq!(all("aws_instance.web[0]").collect::<Vec<_>>(), ["aws", "instanc", "web", "0"]);
    }

    #[test]
    fn queries_lose_their_fillers() {
        assert_eq!(of_query("why did my run fail? the run"), ["run", "fail"]);
        assert_eq!(of_query("what is this"), ["what", "is", "this"]);
        assert_eq!(of_query(" ?! "), Vec::<String>::new());
        assert!(of_query(&"é".repeat(1_000_000)).len() <= 1);
    }

    #[test]
    fn typing_errors_are_forgiven_in_proportion() {
        for (word, term, forgiven) in [
            ("wrokspac", "workspac", true),
            ("aply", "apply", true),
            ("rnu", "run", false),
            ("vari", "variabl", false),
            ("configration", "configuration", true),
        ] {
            assert_eq!(misspelling(word, term).is_some(), forgiven, "{word} {term}");
        }
    }
}
