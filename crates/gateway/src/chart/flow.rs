//! Stages from left to right, those that run at the same time below each other; a long pipeline
//! goes on in the next line.

use super::{
    canvas::{Anchor, Area, Canvas, HEADER, Number, Type},
    status::{self, Status},
    theme::{BACKGROUND, MARGIN, RIGHT},
    timeline::legend,
    unit::{counted, duration, real},
};

/// Boxes of one chart at most, and of one group.
pub(super) const MAX_NODES: usize = 40;
pub(super) const MAX_PARALLEL: usize = 10;

const COLUMNS: usize = 4;
const GAP: f64 = 34.0;
const WIDTH: f64 = (RIGHT - MARGIN - GAP * 3.0) / 4.0;
const HEIGHT: f64 = 74.0;
const BETWEEN: f64 = 14.0;
const BETWEEN_LINES: f64 = 44.0;
const ARROW: &str = "#64748b";

#[derive(Clone, Debug)]
pub struct Flow {
    pub title: String,
    pub subtitle: String,
    /// What runs one after the other; the nodes of one group run side by side.
    pub groups: Vec<Vec<Node>>,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub status: Status,
    pub duration_ms: Option<u64>,
    /// Steps in it, if known.
    pub steps: usize,
}

impl Flow {
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.groups.iter().flatten()
    }

    /// The groups that fit, those with something wrong before others, and how many nodes do not.
    fn shown(&self) -> (Vec<&[Node]>, usize) {
        let cut = |group: &'_ Vec<Node>| group.len().min(MAX_PARALLEL);
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|index| !self.groups[*index].iter().any(|it| it.status.stands_out()));
        let mut nodes = 0;
        order.retain(|index| {
            let more = nodes + cut(&self.groups[*index]);
            let fits = more <= MAX_NODES;
            nodes = if fits { more } else { nodes };
            fits
        });
        order.sort_unstable();
        let groups = order.iter().map(|index| &self.groups[*index]);
        let groups = groups.map(|group| &group[..cut(group)]).collect();
        (groups, self.nodes().count() - nodes)
    }

    pub(super) fn draw(&self) -> Canvas {
        let mut canvas = Canvas::titled(&self.title, &self.subtitle, Canvas::ROOM);
        let (groups, hidden) = self.shown();
        let mut y = HEADER;
        let lines: Vec<_> = groups.chunks(COLUMNS).collect();
        for (index, line) in lines.iter().enumerate() {
            let tallest = line.iter().map(|group| column_height(group.len())).fold(0.0, f64::max);
            let middle = y + tallest / 2.0;
            for (column, group) in line.iter().enumerate() {
                let x = MARGIN + real(column) * (WIDTH + GAP);
                if column > 0 {
                    connect(&mut canvas, x, middle, line[column - 1].len(), group.len());
                }
                let mut top = middle - column_height(group.len()) / 2.0;
                for node in *group {
                    node.draw(&mut canvas, Area { x, y: top, width: WIDTH, height: HEIGHT });
                    top += HEIGHT + BETWEEN;
                }
            }
            y += tallest;
            if let Some(next) = lines.get(index + 1) {
                let tallest =
                    next.iter().map(|group| column_height(group.len())).fold(0.0, f64::max);
                let below = y + BETWEEN_LINES + tallest / 2.0;
                wrap(&mut canvas, y, (middle, line[line.len() - 1].len()), (below, next[0].len()));
                y += BETWEEN_LINES;
            }
        }
        y += 26.0;
        if hidden > 0 {
            let text = format!("and {hidden} more");
            canvas.label((MARGIN, y), Anchor::Start, Type::SOFT, &text, Canvas::ROOM);
            y += 24.0;
        }
        let y = legend(&mut canvas, y, &status::tally(self.nodes().map(|node| node.status)));
        canvas.reach(y + 8.0);
        canvas
    }

    pub(super) fn summary(&self) -> String {
        let (groups, hidden) = self.shown();
        let names: Vec<_> = groups
            .iter()
            .map(|group| {
                let names: Vec<_> = group
                    .iter()
                    .map(|node| format!("{} ({})", node.name, node.status.word()))
                    .collect();
                names.join(" + ")
            })
            .collect();
        let mut text = format!("{} ({}): {}", self.title, self.subtitle, names.join(" → "));
        if hidden > 0 {
            text.extend([format!(" and {hidden} more")]);
        }
        text
    }
}

fn column_height(nodes: usize) -> f64 {
    real(nodes) * HEIGHT + real(nodes.saturating_sub(1)) * BETWEEN
}

/// The middles of the boxes of a group around `middle`.
fn middles(middle: f64, nodes: usize) -> impl Iterator<Item = f64> {
    let top = middle - column_height(nodes) / 2.0 + HEIGHT / 2.0;
    (0..nodes).map(move |index| top + real(index) * (HEIGHT + BETWEEN))
}

/// Lines from `before` boxes to the `after` boxes that begin at `x`, meeting halfway.
fn connect(canvas: &mut Canvas, x: f64, middle: f64, before: usize, after: usize) {
    let (start, meet) = (x - GAP, x - GAP / 2.0);
    for y in middles(middle, before) {
        canvas.line((start, y), (meet, y), ARROW);
    }
    let ends = middles(middle, before).chain(middles(middle, after));
    let (top, bottom) = ends.fold((middle, middle), |(top, bottom), y| (top.min(y), bottom.max(y)));
    if bottom > top {
        canvas.line((meet, top), (meet, bottom), ARROW);
    }
    for y in middles(middle, after) {
        canvas.line((meet, y), (x - 6.0, y), ARROW);
        head(canvas, (x - 2.0, y));
    }
}

/// The way from the boxes at the end of a line to those at the start of the next. Both ends are
/// the middle of a group and how many boxes it has.
fn wrap(canvas: &mut Canvas, below: f64, from: (f64, usize), to: (f64, usize)) {
    let (right, left, between) = (RIGHT + 10.0, MARGIN - 12.0, below + BETWEEN_LINES / 2.0);
    let mut path = String::new();
    for y in middles(from.0, from.1) {
        path.extend([format!(
            "M{} {}H{}V{}",
            Number(RIGHT),
            Number(y),
            Number(right),
            Number(between)
        )]);
    }
    path.extend([format!("M{} {}H{}", Number(right), Number(between), Number(left))]);
    for y in middles(to.0, to.1) {
        path.extend([format!(
            "M{} {}V{}H{}",
            Number(left),
            Number(between),
            Number(y),
            Number(MARGIN - 6.0)
        )]);
    }
    canvas.stroke(&path, ARROW, 1.0);
    for y in middles(to.0, to.1) {
        head(canvas, (MARGIN - 2.0, y));
    }
}

fn head(canvas: &mut Canvas, (x, y): (f64, f64)) {
    let (back, up, down) = (Number(x - 7.0), Number(y - 4.0), Number(y + 4.0));
    canvas.shape(&format!("M{} {}L{back} {up}L{back} {down}Z", Number(x), Number(y)), ARROW);
}

impl Node {
    fn draw(&self, canvas: &mut Canvas, area: Area) {
        let color = self.status.color();
        canvas.fill(area, 8.0, BACKGROUND);
        canvas.tint(area, 8.0, color, 0.07);
        canvas.frame(area, 8.0, color, self.status == Status::Skipped);
        let (x, room) = (area.x + 12.0, area.width - 24.0);
        canvas.label((x, area.y + 18.0), Anchor::Start, Type::STRONG, &self.name, room);
        self.status.mark(canvas, (x + 7.0, area.y + 39.0));
        let word = Type::PLAIN.colored(color);
        canvas.label(
            (x + 20.0, area.y + 39.0),
            Anchor::Start,
            word,
            self.status.word(),
            room - 20.0,
        );
        let took = self.duration_ms.map(duration);
        let steps = (self.steps > 0).then(|| counted(self.steps, "step"));
        let facts: Vec<_> = [took, steps].into_iter().flatten().collect();
        let style = Type::SMALL;
        canvas.label((x, area.y + 59.0), Anchor::Start, style, &facts.join(" · "), room);
    }
}
