//! How long a source file may be: long files hide their structure.

use crate::workspace::File;

/// Half of the files have at most this many lines.
pub const MEDIAN: usize = 150;
/// Nine of ten files have at most this many lines.
pub const NINETIETH_PERCENTILE: usize = 400;
/// No file has more, unless its header says why in a line that starts with [`JUSTIFICATION`].
pub const MAXIMUM: usize = 600;
pub const JUSTIFICATION: &str = "//! Long because ";

/// Where the distribution of lengths misses the goal. `files` must not be empty.
pub fn missed_goals(files: &[&File]) -> Vec<String> {
    let mut lengths: Vec<usize> = files.iter().map(|file| file.line_count()).collect();
    lengths.sort_unstable();
    [(50, MEDIAN), (90, NINETIETH_PERCENTILE)]
        .into_iter()
        .map(|(percent, goal)| (percent, goal, percentile(&lengths, percent)))
        .filter(|(_, goal, actual)| actual > goal)
        .map(|(percent, goal, actual)| {
            format!("{percent} % of the files have up to {actual} lines; the goal is {goal}")
        })
        .collect()
}

/// Files over [`MAXIMUM`] whose header does not say why.
pub fn too_long<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<String> {
    files
        .into_iter()
        .filter(|file| file.line_count() > MAXIMUM && !is_justified(&file.text))
        .map(|file| {
            let lines = file.line_count();
            format!("{}: {lines} lines; split it or write `{JUSTIFICATION}…`", file.path)
        })
        .collect()
}

fn is_justified(text: &str) -> bool {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .any(|line| line.starts_with(JUSTIFICATION))
}

/// The smallest length that `percent` of the sorted lengths do not exceed.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> String {
        "x\n".repeat(count)
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let sorted: Vec<usize> = (1..=10).collect();
        assert_eq!(percentile(&sorted, 50), 5);
        assert_eq!(percentile(&sorted, 90), 9);
        assert_eq!(percentile(&[7], 50), 7);
    }

    #[test]
    fn goals_are_about_the_distribution() {
        let short = File::new("a.rs", &lines(100));
        let long = File::new("b.rs", &lines(500));
        assert!(missed_goals(&[&short; 10]).is_empty());
        assert_eq!(missed_goals(&[&short, &long]).len(), 1);
        assert_eq!(missed_goals(&[&long]).len(), 2);
    }

    #[test]
    fn a_very_long_file_says_why() {
        let bare = File::new("a.rs", &lines(601));
        let justified = File::new("b.rs", &format!("//! T.\n{JUSTIFICATION}x.\n{}", lines(601)));
        let in_body = File::new("c.rs", &format!("{}{JUSTIFICATION}x.\n", lines(601)));
        assert_eq!(too_long([&bare, &justified, &in_body]).len(), 2);
    }
}
