//! Writes SVG. Everything that comes from outside is escaped here, and nowhere else.

use std::fmt::{self, Display, Write as _};

use super::{
    font::{self, Weight},
    theme::{BACKGROUND, BORDER, INK, MARGIN, RIGHT, SOFT, WIDTH},
};

/// Height of the title and the line below it.
pub(super) const HEADER: f64 = 76.0;

/// A drawing that grows downwards; its height is known at the end.
pub(super) struct Canvas {
    body: String,
    height: f64,
}

/// How a line of text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) color: &'static str,
}

impl Type {
    pub(super) const TITLE: Self = Self { size: 19.0, weight: Weight::Medium, color: INK };
    pub(super) const STRONG: Self = Self { size: 13.0, weight: Weight::Medium, color: INK };
    pub(super) const PLAIN: Self = Self { size: 13.0, weight: Weight::Regular, color: INK };
    pub(super) const SOFT: Self = Self { size: 13.0, weight: Weight::Regular, color: SOFT };
    pub(super) const SMALL: Self = Self { size: 11.5, weight: Weight::Regular, color: SOFT };

    pub(super) const fn colored(self, color: &'static str) -> Self {
        Self { color, ..self }
    }

    pub(super) fn width(self, text: &str) -> f64 {
        font::width(text, self.size, self.weight)
    }
}

/// Which end of a text its x names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

impl Canvas {
    /// With a title, and what the chart is about below it, each cut to `room`.
    pub(super) fn titled(title: &str, subtitle: &str, room: f64) -> Self {
        let mut canvas = Self { body: String::new(), height: HEADER };
        canvas.text((MARGIN, 38.0), Anchor::Start, Type::TITLE, title, room);
        canvas.text((MARGIN, 59.0), Anchor::Start, Type::SOFT, subtitle, room);
        canvas
    }

    /// The room of a title that has nothing beside it.
    pub(super) const ROOM: f64 = RIGHT - MARGIN;

    /// Says that the drawing reaches down to `y`.
    pub(super) fn reach(&mut self, y: f64) {
        self.height = self.height.max(y);
    }

    pub(super) fn height(&self) -> f64 {
        self.height + MARGIN
    }

    /// `text` with its vertical middle at `y`, cut to `room`.
    pub(super) fn label(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        style: Type,
        text: &str,
        room: f64,
    ) {
        // Half of the height of a capital letter.
        self.text((x, y + style.size * 0.355), anchor, style, text, room);
    }

    /// `text` on the base line `y`, cut to `room`.
    pub(super) fn text(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        style: Type,
        text: &str,
        room: f64,
    ) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = font::fit(text, style.size, style.weight, room);
        self.line_of(format_args!(
            "<text x=\"{}\" y=\"{}\"{anchor} font-size=\"{}\" font-weight=\"{}\" fill=\"{}\">{}</text>",
            Number(x),
            Number(y),
            style.size,
            style.weight.number(),
            style.color,
            Escaped(&text),
        ));
    }

    pub(super) fn fill(&mut self, area: Area, radius: f64, color: &str) {
        self.rectangle(area, radius, format_args!("fill=\"{color}\""));
    }

    pub(super) fn tint(&mut self, area: Area, radius: f64, color: &str, opacity: f64) {
        let paint = format_args!("fill=\"{color}\" fill-opacity=\"{opacity}\"");
        self.rectangle(area, radius, paint);
    }

    pub(super) fn frame(&mut self, area: Area, radius: f64, color: &str, dashed: bool) {
        let dash = if dashed { " stroke-dasharray=\"4 3\"" } else { "" };
        let paint = format_args!("fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"{dash}");
        self.rectangle(area, radius, paint);
    }

    fn rectangle(&mut self, area: Area, radius: f64, paint: fmt::Arguments<'_>) {
        let Area { x, y, width, height } = area;
        self.line_of(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" {paint}/>",
            Number(x),
            Number(y),
            Number(width),
            Number(height),
            Number(radius.min(width / 2.0).min(height / 2.0)),
        ));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str) {
        self.line_of(format_args!(
            "<path d=\"M{} {}L{} {}\" stroke=\"{color}\"/>",
            Number(from.0),
            Number(from.1),
            Number(to.0),
            Number(to.1),
        ));
    }

    /// An outline through the commands of `path`, which is ours.
    pub(super) fn stroke(&mut self, path: &str, color: &str, width: f64) {
        self.line_of(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\"/>"
        ));
    }

    pub(super) fn shape(&mut self, path: &str, color: &str) {
        self.line_of(format_args!("<path d=\"{path}\" fill=\"{color}\"/>"));
    }

    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, color: &str) {
        self.line_of(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{color}\"/>",
            Number(x),
            Number(y),
            Number(radius),
        ));
    }

    fn line_of(&mut self, element: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// The document, with the background behind everything.
    pub(super) fn finish(&self) -> String {
        let (height, body) = (Number(self.height()), &self.body);
        let panel = (Number(WIDTH - 1.0), Number(self.height() - 1.0));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" font-family=\"{}\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"{BACKGROUND}\"/>\n\
             <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" fill=\"none\" \
             stroke=\"{BORDER}\"/>\n{body}</svg>\n",
            font::FAMILY,
            panel.0,
            panel.1,
        )
    }
}

/// A coordinate, to a tenth.
pub(super) struct Number(pub(super) f64);

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // Not "-0".
        write!(f, "{}", tenths + 0.0)
    }
}

struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            c => f.write_char(c),
        })
    }
}
