//! What ran when: a bar for each stage, and thinner ones for its steps.

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Type},
    status::{self, Status},
    theme::{GRID, MARGIN, RIGHT, STRIPE},
    unit::{amount, counted, duration, figure, time_ticks},
};

/// Rows of one chart at most; the rest is a line that says how many there are.
pub(super) const MAX_ROWS: usize = 50;
/// Stages named in the summary.
const SUMMARY_ROWS: usize = 12;

const LABELS: f64 = 190.0;
const DURATIONS: f64 = 76.0;
const STAGE_ROW: f64 = 32.0;
const STEP_ROW: f64 = 24.0;
const AXIS: f64 = 30.0;
/// Where time starts, and where it ends.
const LEFT: f64 = MARGIN + LABELS + 12.0;
const END: f64 = RIGHT - DURATIONS;
const SHORTEST_BAR: f64 = 3.0;

#[derive(Clone, Debug)]
pub struct Timeline {
    pub title: String,
    pub subtitle: String,
    pub rows: Vec<Row>,
}

/// A stage or a step of one.
#[derive(Clone, Debug)]
pub struct Row {
    pub label: String,
    pub is_step: bool,
    pub status: Status,
    /// Milliseconds since the epoch; `None` if it did not start.
    pub start_ms: Option<u64>,
    pub end_ms: Option<u64>,
}

impl Row {
    fn duration_ms(&self) -> Option<u64> {
        Some(self.end_ms?.saturating_sub(self.start_ms?))
    }

    fn height(&self) -> f64 {
        if self.is_step { STEP_ROW } else { STAGE_ROW }
    }
}

impl Timeline {
    fn stages(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_step)
    }

    /// The rows that fit: what is wrong before stages, stages before their steps.
    fn shown(&self) -> Vec<&Row> {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|index| {
            let row = &self.rows[*index];
            (!row.status.stands_out(), row.is_step)
        });
        order.truncate(MAX_ROWS);
        order.sort_unstable();
        order.into_iter().map(|index| &self.rows[index]).collect()
    }

    fn span(&self) -> (u64, u64) {
        let start = self.rows.iter().filter_map(|row| row.start_ms).min().unwrap_or(0);
        let end = self.rows.iter().filter_map(|row| row.end_ms.or(row.start_ms)).max();
        (start, end.unwrap_or(start).saturating_sub(start))
    }

    pub(super) fn draw(&self) -> Canvas {
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, Canvas::ROOM);
        let shown = self.shown();
        let (start, total) = self.span();
        let ticks = time_ticks(total);
        let most = amount(ticks.last().copied().unwrap_or(1).max(1));
        let place = |ms: u64| LEFT + amount(ms) / most * (END - LEFT);

        let bottom = HEADER + shown.iter().map(|row| row.height()).sum::<f64>();
        let mut y = HEADER;
        for row in &shown {
            if !row.is_step {
                let width = RIGHT - MARGIN;
                canvas.fill(Area { x: MARGIN, y, width, height: STAGE_ROW }, 4.0, STRIPE);
            }
            y += row.height();
        }
        for tick in &ticks {
            let x = place(*tick);
            canvas.line((x, HEADER), (x, bottom), GRID);
            canvas.label((x, bottom + 13.0), Anchor::Middle, Type::SMALL, &duration(*tick), 90.0);
        }
        let mut y = HEADER;
        for row in &shown {
            row.draw(&mut canvas, y, start, &place);
            y += row.height();
        }
        y += AXIS;
        if let hidden @ 1.. = self.rows.len() - shown.len() {
            let text = format!("and {hidden} more");
            canvas.label((MARGIN, y + 4.0), Anchor::Start, Type::SOFT, &text, LABELS);
            y += 20.0;
        }
        let counts = status::tally(self.stages().map(|row| row.status));
        let y = legend(&mut canvas, y + 4.0, &counts);
        canvas.reach(y + 4.0);
        canvas
    }

    pub(super) fn summary(&self) -> String {
        let (_, total) = self.span();
        let counts = status::tally(self.stages().map(|row| row.status));
        let mut text = format!(
            "{} ({}): {} in {}: {}.",
            self.title,
            self.subtitle,
            counted(self.stages().count(), "stage"),
            duration(total),
            status::words(&counts)
        );
        let mut named: Vec<_> = self.stages().enumerate().collect();
        named.sort_by_key(|(_, row)| !row.status.stands_out());
        named.truncate(SUMMARY_ROWS);
        named.sort_unstable_by_key(|(index, _)| *index);
        for (_, row) in named {
            let took = row.duration_ms().map_or("not finished".to_owned(), duration);
            text.extend([format!("\n- {}: {}, {took}", row.label, row.status.word())]);
        }
        if let hidden @ 1.. = self.stages().count().saturating_sub(SUMMARY_ROWS) {
            text.extend([format!("\n- and {hidden} more")]);
        }
        text
    }
}

impl Row {
    fn draw(&self, canvas: &mut Canvas, y: f64, start: u64, place: &impl Fn(u64) -> f64) {
        let area = Area { x: MARGIN, y, width: LABELS, height: self.height() };
        let (indent, style, thick) =
            if self.is_step { (40.0, Type::SOFT, 8.0) } else { (28.0, Type::STRONG, 16.0) };
        if self.is_step {
            canvas.circle((MARGIN + 30.0, area.middle()), 3.0, self.status.color());
        } else {
            self.status.mark(canvas, (MARGIN + 14.0, area.middle()));
        }
        let label = (MARGIN + indent, area.middle());
        canvas.label(label, Anchor::Start, style, &self.label, LABELS - indent);
        let Some(started) = self.start_ms else {
            let word = self.status.word();
            canvas.label((LEFT + 4.0, area.middle()), Anchor::Start, Type::SMALL, word, 200.0);
            return;
        };
        let from = place(started - start);
        let to = place(self.end_ms.unwrap_or(started).max(started) - start);
        let width = (to - from).max(SHORTEST_BAR);
        let bar = Area { x: from, y: area.middle() - thick / 2.0, width, height: thick };
        canvas.fill(bar, 3.0, self.status.color());
        let text = self.duration_ms().map_or_else(|| self.status.word().to_owned(), duration);
        let style = if self.is_step { Type::SMALL } else { Type::PLAIN };
        canvas.label((RIGHT - 8.0, area.middle()), Anchor::End, style, &text, DURATIONS - 12.0);
    }
}

/// The statuses that occur, with their counts, in as many lines as they need from `y` on; gives the
/// middle of the last.
pub(super) fn legend(canvas: &mut Canvas, mut y: f64, counts: &[(Status, usize)]) -> f64 {
    let mut x = MARGIN;
    for (status, count) in counts {
        let text = format!("{} {}", figure(*count as u64), status.word());
        let width = 20.0 + Type::SOFT.width(&text);
        if x + width > RIGHT {
            (x, y) = (MARGIN, y + 24.0);
        }
        status.mark(canvas, (x + 7.0, y));
        canvas.label((x + 20.0, y), Anchor::Start, Type::SOFT, &text, 150.0);
        x += width + 21.0;
    }
    y
}
