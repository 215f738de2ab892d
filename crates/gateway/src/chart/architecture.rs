//! What a pipeline consists of: its stages, and in them groups of steps.

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Number, Type},
    font::Weight,
    theme::{BACKGROUND, INK, MARGIN, RIGHT, SOFT, STRIPE, palette},
    unit::{counted, real},
};

/// Stages of one chart at most, groups of one stage, and steps of one group.
pub(super) const MAX_STAGES: usize = 12;
pub(super) const MAX_GROUPS: usize = 6;
pub(super) const MAX_STEPS: usize = 12;
/// No stage begins below this.
const LOWEST: f64 = 2_400.0;

const STAGE_HEADER: f64 = 44.0;
const FACT: f64 = 20.0;
const GROUP_HEADER: f64 = 28.0;
const STEP: f64 = 24.0;
const STAGE_GAP: f64 = 30.0;
const INSET: f64 = 18.0;

#[derive(Clone, Debug)]
pub struct Architecture {
    pub title: String,
    pub subtitle: String,
    pub stages: Vec<Stage>,
}

#[derive(Clone, Debug)]
pub struct Stage {
    pub name: String,
    /// `CI`, `Deployment`, `Approval`, …
    pub kind: String,
    /// Name and value: service, environment, infrastructure, strategy, what happens on failure.
    pub facts: Vec<(String, String)>,
    pub groups: Vec<Group>,
    /// Runs at the same time as the stage before it.
    pub parallel: bool,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub steps: Vec<Step>,
    pub is_rollback: bool,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub kind: String,
    pub timeout: Option<String>,
}

impl Architecture {
    pub(super) fn draw(&self) -> Canvas {
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, Canvas::ROOM);
        let shown = &self.stages[..self.stages.len().min(MAX_STAGES)];
        let mut y = HEADER;
        let mut drawn = 0;
        for stage in shown {
            if y > LOWEST {
                break;
            }
            if drawn > 0 {
                join(&mut canvas, y, stage.parallel);
                y += STAGE_GAP;
            }
            y = stage.draw(&mut canvas, y);
            drawn += 1;
        }
        if let hidden @ 1.. = self.stages.len() - drawn {
            let text = format!("and {hidden} more");
            canvas.label((MARGIN, y + 20.0), Anchor::Start, Type::SOFT, &text, Canvas::ROOM);
            y += 28.0;
        }
        canvas.reach(y);
        canvas
    }

    pub(super) fn summary(&self) -> String {
        let shown = self.stages.iter().take(MAX_STAGES);
        let mut text = format!("{} ({}):", self.title, self.subtitle);
        for stage in shown {
            let steps: usize = stage.groups.iter().map(|group| group.steps.len()).sum();
            let kind = &stage.kind;
            text.extend([format!("\n- {} [{kind}], {}", stage.name, counted(steps, "step"))]);
            for (name, value) in &stage.facts {
                text.extend([format!("; {name}: {value}")]);
            }
        }
        if let hidden @ 1.. = self.stages.len().saturating_sub(MAX_STAGES) {
            text.extend([format!("\n- and {hidden} more")]);
        }
        text
    }
}

/// The arrow from one stage to the next, or the bar between two that run together.
fn join(canvas: &mut Canvas, y: f64, parallel: bool) {
    let x = f64::midpoint(MARGIN, RIGHT);
    let middle = y + STAGE_GAP / 2.0;
    if parallel {
        canvas.label((x, middle), Anchor::Middle, Type::SMALL, "at the same time", 200.0);
        return;
    }
    let (bottom, back) = (y + STAGE_GAP - 3.0, y + STAGE_GAP - 10.0);
    canvas.line((x, y + 3.0), (x, back), SOFT);
    let (left, right) = (Number(x - 5.0), Number(x + 5.0));
    let (x, bottom, back) = (Number(x), Number(bottom), Number(back));
    canvas.shape(&format!("M{x} {bottom}L{left} {back}L{right} {back}Z"), SOFT);
}

impl Stage {
    fn color(&self) -> &'static str {
        match self.kind.as_str() {
            "CI" => palette(0),
            "Deployment" => palette(1),
            "Approval" => palette(3),
            "Custom" => palette(4),
            "SecurityTests" | "Security" => palette(5),
            "Pipeline" => palette(6),
            _ => palette(7),
        }
    }

    fn shown(&self) -> &[Group] {
        &self.groups[..self.groups.len().min(MAX_GROUPS)]
    }

    fn height(&self) -> f64 {
        let shown = self.shown();
        let more = if self.groups.len() > shown.len() { GROUP_HEADER } else { 0.0 };
        let groups = shown.iter().map(Group::height).sum::<f64>() + more;
        let facts = real(self.facts.len()) * FACT;
        STAGE_HEADER + facts + groups + if facts + groups > 0.0 { 10.0 } else { 0.0 }
    }

    /// Draws the stage from `y` and gives where it ends.
    fn draw(&self, canvas: &mut Canvas, y: f64) -> f64 {
        let color = self.color();
        let width = RIGHT - MARGIN;
        let area = Area { x: MARGIN, y, width, height: self.height() };
        canvas.fill(area, 8.0, BACKGROUND);
        canvas.tint(Area { height: STAGE_HEADER, ..area }, 8.0, color, 0.1);
        canvas.frame(area, 8.0, color, false);
        let middle = y + STAGE_HEADER / 2.0;
        let badge = Type { size: 12.0, weight: Weight::Medium, color: "#ffffff" };
        let badge_width = badge.width(&self.kind).min(200.0) + 20.0;
        let badge_x = RIGHT - INSET - badge_width;
        let pill = Area { x: badge_x, y: middle - 11.0, width: badge_width, height: 22.0 };
        canvas.fill(pill, 11.0, color);
        let centre = (badge_x + badge_width / 2.0, middle);
        canvas.label(centre, Anchor::Middle, badge, &self.kind, 204.0);
        let name = Type { size: 15.0, weight: Weight::Medium, color: INK };
        let room = badge_x - MARGIN - INSET * 2.0;
        canvas.label((MARGIN + INSET, middle), Anchor::Start, name, &self.name, room);
        let mut y = y + STAGE_HEADER;
        for (label, value) in &self.facts {
            let middle = y + FACT / 2.0 + 4.0;
            let x = MARGIN + INSET;
            canvas.label((x, middle), Anchor::Start, Type::SOFT, label, 110.0);
            let room = RIGHT - INSET - x - 120.0;
            canvas.label((x + 120.0, middle), Anchor::Start, Type::PLAIN, value, room);
            y += FACT;
        }
        for group in self.shown() {
            y = group.draw(canvas, y, color);
        }
        if let hidden @ 1.. = self.groups.len() - self.shown().len() {
            let place = (MARGIN + INSET, y + GROUP_HEADER / 2.0 + 4.0);
            let text = format!("and {hidden} more groups of steps");
            canvas.label(place, Anchor::Start, Type::SOFT, &text, 300.0);
        }
        area.y + area.height
    }
}

impl Group {
    fn shown(&self) -> usize {
        self.steps.len().min(MAX_STEPS)
    }

    fn height(&self) -> f64 {
        let more = if self.steps.len() > MAX_STEPS { STEP } else { 0.0 };
        GROUP_HEADER + real(self.shown()) * STEP + more
    }

    fn draw(&self, canvas: &mut Canvas, y: f64, color: &'static str) -> f64 {
        const ROLLBACK: &str = "#dc2626";
        let color = if self.is_rollback { ROLLBACK } else { color };
        let x = MARGIN + INSET;
        let heading = Type::STRONG.colored(color);
        let place = (x, y + GROUP_HEADER / 2.0 + 4.0);
        canvas.label(place, Anchor::Start, heading, &self.name, RIGHT - x - INSET);
        let mut y = y + GROUP_HEADER;
        for step in &self.steps[..self.shown()] {
            let area = Area { x, y: y + 1.0, width: RIGHT - INSET - x, height: STEP - 3.0 };
            canvas.fill(area, 4.0, STRIPE);
            canvas.fill(Area { width: 3.0, ..area }, 1.5, color);
            let kind = match &step.timeout {
                Some(timeout) => format!("{} · {timeout}", step.kind),
                None => step.kind.clone(),
            };
            let label = (x + 14.0, area.middle());
            canvas.label(label, Anchor::Start, Type::PLAIN, &step.name, area.width - 260.0);
            let kind_place = (x + area.width - 10.0, area.middle());
            canvas.label(kind_place, Anchor::End, Type::SOFT, &kind, 220.0);
            y += STEP;
        }
        if let hidden @ 1.. = self.steps.len() - self.shown() {
            let text = format!("and {hidden} more");
            let place = (x + 14.0, y + STEP / 2.0);
            canvas.label(place, Anchor::Start, Type::SOFT, &text, 300.0);
            y += STEP;
        }
        y
    }
}
