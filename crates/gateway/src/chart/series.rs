//! Amounts by day: a stacked column for each day.

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Type},
    status::Status,
    theme::{GRID, MARGIN, RIGHT},
    timeline::legend,
    unit::{amount, count_ticks, grouped, real, short},
};

/// Days at most; the oldest are left out.
pub(super) const MAX_DAYS: usize = 35;

const PLOT: f64 = 250.0;
const AXIS: f64 = 44.0;
const LEFT: f64 = MARGIN + AXIS;
/// Of a series of a few days.
const WIDEST_COLUMN: f64 = 48.0;
/// Free space between a column and the label of the next.
const LABEL: f64 = 58.0;

#[derive(Clone, Debug)]
pub struct Series {
    pub title: String,
    pub subtitle: String,
    /// Oldest first.
    pub days: Vec<Day>,
}

#[derive(Clone, Debug, Default)]
pub struct Day {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// From the bottom up.
    pub counts: Vec<(Status, u64)>,
}

impl Day {
    fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// `Nov 21`.
    fn label(&self) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut parts = self.date.splitn(3, '-').skip(1);
        let month = parts.next().and_then(|month| month.parse::<usize>().ok());
        let month = month.and_then(|month| MONTHS.get(month.checked_sub(1)?));
        match (month, parts.next()) {
            (Some(month), Some(day)) => format!("{month} {}", day.trim_start_matches('0')),
            _ => self.date.clone(),
        }
    }
}

impl Series {
    fn shown(&self) -> &[Day] {
        &self.days[self.days.len().saturating_sub(MAX_DAYS)..]
    }

    fn totals(&self) -> Vec<(Status, usize)> {
        let mut totals: Vec<(Status, usize)> = Vec::new();
        for (status, count) in self.shown().iter().flat_map(|day| &day.counts) {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            match totals.iter_mut().find(|(known, _)| known == status) {
                Some((_, total)) => *total = total.saturating_add(count),
                None => totals.push((*status, count)),
            }
        }
        totals.retain(|(_, count)| *count > 0);
        totals
    }

    pub(super) fn draw(&self) -> Canvas {
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, Canvas::ROOM);
        let days = self.shown();
        let bottom = HEADER + PLOT;
        let ticks = count_ticks(days.iter().map(Day::total).max().unwrap_or(0));
        let most = amount(ticks.last().copied().unwrap_or(1));
        for tick in &ticks {
            let y = bottom - amount(*tick) / most * PLOT;
            canvas.line((LEFT, y), (RIGHT, y), GRID);
            canvas.label((LEFT - 10.0, y), Anchor::End, Type::SMALL, &short(*tick), AXIS - 10.0);
        }
        let slot = (RIGHT - LEFT) / real(days.len().max(1));
        let width = (slot * 0.72).min(WIDEST_COLUMN);
        let mut free_from = f64::MIN;
        for (index, day) in days.iter().enumerate() {
            let x = LEFT + real(index) * slot;
            let mut y = bottom;
            for (status, count) in day.counts.iter().filter(|(_, count)| *count > 0) {
                let height = amount(*count) / most * PLOT;
                y -= height;
                let gap = if height > 3.0 { 1.0 } else { 0.0 };
                let x = x + (slot - width) / 2.0;
                let area = Area { x, y, width, height: height - gap };
                canvas.fill(area, 1.5, status.color());
            }
            let centre = x + slot / 2.0;
            if centre - LABEL / 2.0 >= free_from && centre + LABEL / 2.0 <= RIGHT + LABEL / 4.0 {
                let place = (centre, bottom + 15.0);
                canvas.label(place, Anchor::Middle, Type::SMALL, &day.label(), LABEL);
                free_from = centre + LABEL / 2.0;
            }
        }
        let totals = self.totals();
        let y = bottom + 46.0;
        if totals.is_empty() {
            canvas.label((LEFT, y), Anchor::Start, Type::SOFT, "Nothing in this time.", 300.0);
        }
        let y = legend(&mut canvas, y, &totals);
        canvas.reach(y + 8.0);
        canvas
    }

    pub(super) fn summary(&self) -> String {
        let days = self.shown();
        let active = days.iter().filter(|day| day.total() > 0).count();
        let total: u64 = days.iter().map(Day::total).sum();
        let busiest = days.iter().max_by_key(|day| day.total());
        let mut text = format!(
            "{} ({}): {} on {active} of {} days",
            self.title,
            self.subtitle,
            grouped(total),
            days.len()
        );
        if total > 0 {
            let words = super::status::words(&self.totals());
            text.extend([format!(": {words}")]);
        }
        if let Some(day) = busiest.filter(|day| day.total() > 0) {
            text.extend([format!("; most on {} ({})", day.date, grouped(day.total()))]);
        }
        text.push('.');
        text
    }
}
