//! Amounts by name, as horizontal bars, the largest first.

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Type},
    theme::{GRID, MARGIN, PALETTE, RIGHT, STRIPE},
    unit::{amount, count_ticks, figure, grouped, percent, real, short},
};

/// Bars at most; the rest is a line that says how many there are.
pub(super) const MAX_BARS: usize = 25;
const SUMMARY_BARS: usize = 12;

const LABELS: f64 = 200.0;
const VALUES: f64 = 92.0;
const ROW: f64 = 34.0;
const LEFT: f64 = MARGIN + LABELS + 12.0;
const END: f64 = RIGHT - VALUES;

#[derive(Clone, Debug)]
pub struct Bars {
    pub title: String,
    pub subtitle: String,
    pub bars: Vec<Bar>,
}

#[derive(Clone, Debug)]
pub struct Bar {
    pub label: String,
    pub value: u64,
}

impl Bars {
    fn ranked(&self) -> Vec<&Bar> {
        let mut bars: Vec<_> = self.bars.iter().collect();
        bars.sort_by(|a, b| b.value.cmp(&a.value).then_with(|| a.label.cmp(&b.label)));
        bars
    }

    fn total(&self) -> u64 {
        self.bars.iter().map(|bar| bar.value).sum()
    }

    pub(super) fn draw(&self) -> Canvas {
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, Canvas::ROOM);
        let (bars, total) = (self.ranked(), self.total());
        let shown = &bars[..bars.len().min(MAX_BARS)];
        let ticks = count_ticks(shown.first().map_or(0, |bar| bar.value));
        let most = amount(ticks.last().copied().unwrap_or(1));
        let place = |value: u64| LEFT + amount(value) / most * (END - LEFT);
        let bottom = HEADER + real(shown.len()) * ROW;
        for index in (0..shown.len()).step_by(2) {
            let y = HEADER + real(index) * ROW;
            let width = RIGHT - MARGIN;
            canvas.fill(Area { x: MARGIN, y, width, height: ROW }, 4.0, STRIPE);
        }
        for tick in &ticks {
            let x = place(*tick);
            canvas.line((x, HEADER), (x, bottom), GRID);
            canvas.label((x, bottom + 13.0), Anchor::Middle, Type::SMALL, &short(*tick), 80.0);
        }
        for (index, bar) in shown.iter().enumerate() {
            let y = HEADER + real(index) * ROW + ROW / 2.0;
            canvas.label((MARGIN + 8.0, y), Anchor::Start, Type::PLAIN, &bar.label, LABELS - 8.0);
            if bar.value > 0 {
                let width = (place(bar.value) - LEFT).max(2.0);
                let area = Area { x: LEFT, y: y - 9.0, width, height: 18.0 };
                canvas.fill(area, 3.0, PALETTE[0]);
            }
            let text = format!("{} · {}", figure(bar.value), percent(bar.value, total));
            canvas.label((RIGHT - 8.0, y), Anchor::End, Type::PLAIN, &text, VALUES - 12.0);
        }
        let mut y = bottom + 26.0;
        if let hidden @ 1.. = bars.len() - shown.len() {
            let rest: u64 = bars[MAX_BARS..].iter().map(|bar| bar.value).sum();
            let text =
                format!("and {} more with {} together", grouped(hidden as u64), grouped(rest));
            canvas.label((MARGIN + 8.0, y + 8.0), Anchor::Start, Type::SOFT, &text, Canvas::ROOM);
            y += 20.0;
        }
        canvas.reach(y);
        canvas
    }

    pub(super) fn summary(&self) -> String {
        let bars = self.ranked();
        let mut parts: Vec<_> = bars
            .iter()
            .take(SUMMARY_BARS)
            .map(|bar| format!("{} {}", bar.label, grouped(bar.value)))
            .collect();
        if let hidden @ 1.. = bars.len().saturating_sub(SUMMARY_BARS) {
            parts.push(format!("and {hidden} more"));
        }
        let parts = if parts.is_empty() { "none".to_owned() } else { parts.join(", ") };
        format!("{} ({}): {parts}.", self.title, self.subtitle)
    }
}
