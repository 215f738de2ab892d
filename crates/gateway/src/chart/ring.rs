//! Parts of a whole, as a ring with a legend.

use std::f64::consts::TAU;

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Number, Type},
    font::Weight,
    status::Status,
    theme::{GRID, INK, MARGIN, RIGHT, palette},
    unit::{amount, figure, grouped, percent, real},
};

/// Slices at most; the smallest are put together.
pub(super) const MAX_SLICES: usize = 10;

const OUTER: f64 = 116.0;
const INNER: f64 = 70.0;
const CENTRE: f64 = MARGIN + 30.0 + OUTER;
const LEGEND: f64 = CENTRE + OUTER + 60.0;
const ROW: f64 = 30.0;
/// Shares below this have no room for their own figure.
const LABELLED: f64 = 0.07;

#[derive(Clone, Debug)]
pub struct Ring {
    pub title: String,
    pub subtitle: String,
    pub slices: Vec<Slice>,
    /// What the slices count, for the middle: `runs`.
    pub unit: String,
}

#[derive(Clone, Debug)]
pub struct Slice {
    pub label: String,
    pub value: u64,
    /// Whose colour it has.
    pub status: Option<Status>,
}

impl Ring {
    fn total(&self) -> u64 {
        self.slices.iter().map(|slice| slice.value).sum()
    }

    /// The largest first, the smallest together.
    fn shown(&self) -> Vec<Slice> {
        let mut slices: Vec<_> =
            self.slices.iter().filter(|slice| slice.value > 0).cloned().collect();
        slices.sort_by(|a, b| b.value.cmp(&a.value).then_with(|| a.label.cmp(&b.label)));
        if slices.len() > MAX_SLICES {
            let rest = slices.split_off(MAX_SLICES - 1);
            let label = format!("{} more", rest.len());
            let value = rest.iter().map(|slice| slice.value).sum();
            slices.push(Slice { label, value, status: None });
        }
        slices
    }

    pub(super) fn draw(&self) -> Canvas {
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, Canvas::ROOM);
        let (slices, total) = (self.shown(), self.total());
        let legend = real(slices.len()) * ROW;
        let height = (OUTER * 2.0).max(legend);
        let middle = HEADER + 6.0 + height / 2.0;
        canvas.circle((CENTRE, middle), OUTER, GRID);
        let mut turned = 0.0;
        for (index, slice) in slices.iter().enumerate() {
            let share = amount(slice.value) / amount(total.max(1));
            canvas.shape(&sector(middle, turned, share), slice.color(index));
            turned += share;
        }
        canvas.circle((CENTRE, middle), INNER, super::theme::BACKGROUND);
        let mut turned = 0.0;
        for slice in &slices {
            let share = amount(slice.value) / amount(total.max(1));
            if share >= LABELLED {
                let place = at(middle, turned + share / 2.0, f64::midpoint(OUTER, INNER));
                let text = percent(slice.value, total);
                canvas.label(place, Anchor::Middle, Type::STRONG.colored("#ffffff"), &text, 60.0);
            }
            turned += share;
        }
        let large = Type { size: 34.0, weight: Weight::Medium, color: INK };
        let (number, unit) = ((CENTRE, middle - 8.0), (CENTRE, middle + 20.0));
        canvas.label(number, Anchor::Middle, large, &figure(total), INNER * 1.8);
        canvas.label(unit, Anchor::Middle, Type::SOFT, &self.unit, INNER * 1.6);

        let mut y = middle - legend / 2.0 + ROW / 2.0;
        for (index, slice) in slices.iter().enumerate() {
            slice.draw_legend(&mut canvas, y, index, total);
            y += ROW;
        }
        canvas.reach(HEADER + height + 10.0);
        canvas
    }

    pub(super) fn summary(&self) -> String {
        let total = self.total();
        let parts: Vec<_> = self
            .shown()
            .iter()
            .map(|slice| {
                let share = percent(slice.value, total);
                format!("{} {} ({share})", slice.label, grouped(slice.value))
            })
            .collect();
        let parts = if parts.is_empty() { "none".to_owned() } else { parts.join(", ") };
        format!("{} ({}): {parts}.", self.title, self.subtitle)
    }
}

impl Slice {
    fn color(&self, index: usize) -> &'static str {
        self.status.map_or_else(|| palette(index), Status::color)
    }

    fn draw_legend(&self, canvas: &mut Canvas, y: f64, index: usize, total: u64) {
        if let Some(status) = self.status {
            status.mark(canvas, (LEGEND + 7.0, y));
        } else {
            let swatch = Area { x: LEGEND, y: y - 7.0, width: 14.0, height: 14.0 };
            canvas.fill(swatch, 3.0, self.color(index));
        }
        let label = (LEGEND + 26.0, y);
        canvas.label(label, Anchor::Start, Type::PLAIN, &self.label, RIGHT - LEGEND - 150.0);
        let value = figure(self.value);
        canvas.label((RIGHT - 60.0, y), Anchor::End, Type::STRONG, &value, 80.0);
        let share = percent(self.value, total);
        canvas.label((RIGHT - 4.0, y), Anchor::End, Type::SOFT, &share, 50.0);
    }
}

/// The point at `turn` (0 at twelve o'clock, 1 once around) and `radius`.
fn at(middle: f64, turn: f64, radius: f64) -> (f64, f64) {
    let angle = turn * TAU;
    (CENTRE + radius * angle.sin(), middle - radius * angle.cos())
}

/// A slice of the disc, with a hair of space to its neighbour.
fn sector(middle: f64, turned: f64, share: f64) -> String {
    if share > 0.9995 {
        // An arc from a point to itself is nothing: two halves.
        let (top, bottom) = (Number(middle - OUTER), Number(middle + OUTER));
        let (x, r) = (Number(CENTRE), Number(OUTER));
        return format!("M{x} {top}A{r} {r} 0 1 1 {x} {bottom}A{r} {r} 0 1 1 {x} {top}Z");
    }
    let gap = 0.0015_f64.min(share / 4.0);
    let (from, to) = (at(middle, turned + gap, OUTER), at(middle, turned + share - gap, OUTER));
    let large = u8::from(share > 0.5);
    format!(
        "M{} {}L{} {}A{OUTER} {OUTER} 0 {large} 1 {} {}Z",
        Number(CENTRE),
        Number(middle),
        Number(from.0),
        Number(from.1),
        Number(to.0),
        Number(to.1),
    )
}
