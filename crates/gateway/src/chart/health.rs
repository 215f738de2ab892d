//! How a project is doing: a verdict, a few figures, and how the latest runs went.

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Type},
    font::Weight,
    status::{self, Status},
    theme::{INK, MARGIN, RIGHT, STRIPE},
    timeline::legend,
    unit::{counted, figure, grouped, real},
};

/// Runs in the strip at most.
pub(super) const MAX_RUNS: usize = 40;

const BADGE: f64 = 118.0;
const CARD: f64 = 88.0;
const GAP: f64 = 12.0;
const STRIP: f64 = 34.0;

#[derive(Clone, Debug)]
pub struct Health {
    pub title: String,
    pub subtitle: String,
    pub level: Level,
    /// At most four.
    pub cards: Vec<Card>,
    /// Newest first.
    pub recent: Vec<Status>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Healthy,
    Degraded,
    Failing,
    /// Nothing is known of the latest runs.
    Unknown,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
            Self::Unknown => "unknown",
        }
    }

    fn color(self) -> &'static str {
        match self {
            Self::Healthy => Status::Succeeded.color(),
            Self::Degraded => Status::Waiting.color(),
            Self::Failing => Status::Failed.color(),
            Self::Unknown => Status::Unknown.color(),
        }
    }
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Card {
    pub label: String,
    pub value: u64,
    /// Whose colour it has.
    pub status: Option<Status>,
}

impl Health {
    pub(super) fn draw(&self) -> Canvas {
        let room = Canvas::ROOM - BADGE - GAP;
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, room);
        let badge = Area { x: RIGHT - BADGE, y: 26.0, width: BADGE, height: 30.0 };
        canvas.fill(badge, 15.0, self.level.color());
        let style = Type { size: 14.0, weight: Weight::Medium, color: "#ffffff" };
        let centre = (badge.x + BADGE / 2.0, badge.middle());
        canvas.label(centre, Anchor::Middle, style, self.level.word(), BADGE);
        self.draw_cards(&mut canvas);
        let y = HEADER + CARD + 28.0;
        if self.recent.is_empty() {
            let note = match self.level {
                Level::Unknown => "The latest runs could not be read.",
                _ => "No runs yet.",
            };
            canvas.label((MARGIN, y), Anchor::Start, Type::SOFT, note, Canvas::ROOM);
            canvas.reach(y + 8.0);
        } else {
            self.draw_strip(&mut canvas, y);
        }
        canvas
    }

    fn draw_cards(&self, canvas: &mut Canvas) {
        let count = real(self.cards.len().max(1));
        let width = (RIGHT - MARGIN - GAP * (count - 1.0)) / count;
        for (index, card) in self.cards.iter().enumerate() {
            let x = MARGIN + real(index) * (width + GAP);
            let area = Area { x, y: HEADER, width, height: CARD };
            let color = card.status.map_or(INK, Status::color);
            canvas.fill(area, 8.0, STRIPE);
            canvas.fill(Area { width: 4.0, ..area }, 2.0, color);
            let style = Type { size: 30.0, weight: Weight::Medium, color };
            let value = figure(card.value);
            canvas.label((x + 20.0, HEADER + 36.0), Anchor::Start, style, &value, width - 32.0);
            let label = (x + 20.0, HEADER + 66.0);
            canvas.label(label, Anchor::Start, Type::SOFT, &card.label, width - 32.0);
        }
    }

    fn draw_strip(&self, canvas: &mut Canvas, y: f64) {
        // The newest stands at the right, as time goes.
        let shown: Vec<_> = self.recent.iter().take(MAX_RUNS).rev().copied().collect();
        let heading = format!("Latest {}, newest at the right", counted(shown.len(), "run"));
        canvas.label((MARGIN, y), Anchor::Start, Type::STRONG, &heading, Canvas::ROOM);
        let slot = (RIGHT - MARGIN) / real(shown.len().max(20));
        let top = y + 16.0;
        for (index, status) in shown.iter().enumerate() {
            let x = MARGIN + real(index) * slot;
            let area = Area { x, y: top, width: slot - 3.0, height: STRIP };
            canvas.fill(area, 4.0, status.color());
            if slot >= 18.0 {
                status.mark(canvas, (x + (slot - 3.0) / 2.0, area.middle()));
            }
        }
        let y = top + STRIP + 22.0;
        let y = legend(canvas, y, &status::tally(shown.into_iter()));
        canvas.reach(y + 8.0);
    }

    pub(super) fn summary(&self) -> String {
        let cards: Vec<_> = self
            .cards
            .iter()
            .map(|card| format!("{} {}", grouped(card.value), card.label))
            .collect();
        let mut text = format!(
            "{} ({}): {}; {}.",
            self.title,
            self.subtitle,
            self.level.word(),
            cards.join(", ")
        );
        if !self.recent.is_empty() {
            let counts = status::tally(self.recent.iter().copied());
            let runs = counted(self.recent.len(), "run");
            text.extend([format!(" Latest {runs}: {}.", status::words(&counts))]);
        }
        text
    }
}
