//! How something went, whatever its platform calls it: one colour and one mark, so that colour is
//! never the only sign.

use super::canvas::{Canvas, Number};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Succeeded,
    Failed,
    Running,
    /// For a person, or for somebody to act.
    Waiting,
    Aborted,
    Expired,
    Queued,
    Skipped,
    Unknown,
}

impl Status {
    /// Whether somebody who looks for what is wrong wants to see it.
    pub(super) fn stands_out(self) -> bool {
        !matches!(self, Self::Succeeded | Self::Queued | Self::Skipped)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Aborted => "aborted",
            Self::Expired => "expired",
            Self::Queued => "queued",
            Self::Skipped => "skipped",
            Self::Unknown => "other",
        }
    }

    pub(super) fn color(self) -> &'static str {
        match self {
            Self::Succeeded => "#15803d",
            Self::Failed => "#dc2626",
            Self::Running => "#2563eb",
            Self::Waiting => "#b45309",
            Self::Aborted => "#7e22ce",
            Self::Expired => "#9a3412",
            Self::Queued => "#475569",
            Self::Skipped => "#64748b",
            Self::Unknown => "#52525b",
        }
    }

    /// A disc of radius 7 around `(x, y)` with this status' sign in it.
    pub(super) fn mark(self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        canvas.circle((x, y), 7.0, self.color());
        let strokes: &[&[(f64, f64)]] = match self {
            Self::Succeeded => &[&[(-3.2, 0.2), (-1.0, 2.5), (3.3, -2.3)]],
            Self::Failed => &[&[(-2.6, -2.6), (2.6, 2.6)], &[(2.6, -2.6), (-2.6, 2.6)]],
            Self::Running => &[&[(-1.6, -3.0), (2.6, 0.0), (-1.6, 3.0), (-1.6, -3.0)]],
            Self::Waiting => &[&[(-1.8, -2.8), (-1.8, 2.8)], &[(1.8, -2.8), (1.8, 2.8)]],
            Self::Aborted => &[&[(-3.2, 0.0), (3.2, 0.0)]],
            Self::Expired => &[&[(0.0, -3.6), (0.0, 0.2), (2.8, 1.8)]],
            Self::Queued => &[&[(-3.0, 0.0), (-3.0, 0.0)], &[(0.0, 0.0); 2], &[(3.0, 0.0); 2]],
            Self::Skipped => {
                &[&[(-3.0, -2.4), (-0.4, 0.0), (-3.0, 2.4)], &[(0.6, -2.4), (3.2, 0.0), (0.6, 2.4)]]
            }
            Self::Unknown => &[&[(0.0, -3.4), (0.0, 0.6)], &[(0.0, 3.2); 2]],
        };
        let mut path = String::new();
        for stroke in strokes {
            for (index, (dx, dy)) in stroke.iter().enumerate() {
                let command = if index == 0 { "M" } else { "L" };
                path.extend([format!("{command}{} {}", Number(x + dx), Number(y + dy))]);
            }
        }
        canvas.stroke(&path, "#ffffff", 1.7);
    }
}

/// How often each status occurs, most first.
pub(super) fn tally(statuses: impl Iterator<Item = Status>) -> Vec<(Status, usize)> {
    let mut counts: Vec<(Status, usize)> = Vec::new();
    for status in statuses {
        match counts.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => counts.push((status, 1)),
        }
    }
    counts.sort_by_key(|(status, count)| (std::cmp::Reverse(*count), *status));
    counts
}

/// `3 succeeded, 1 failed`.
pub(super) fn words(counts: &[(Status, usize)]) -> String {
    let words: Vec<_> =
        counts.iter().map(|(status, count)| format!("{count} {}", status.word())).collect();
    words.join(", ")
}
