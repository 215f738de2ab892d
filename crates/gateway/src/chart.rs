//! Charts: typed data in, SVG out, and the PNG that MCP clients show.
//!
//! Pure: knows no protocol, no platform's requests and no clock. [`harness`] turns that platform's
//! answers into chart data.

mod architecture;
mod bar;
mod canvas;
mod flow;
mod font;
pub mod harness;
mod health;
mod image;
mod ring;
mod series;
mod status;
mod theme;
mod timeline;
mod unit;

use pilothouse_model::Error;

pub use self::{
    architecture::{Architecture, Group, Stage, Step},
    bar::{Bar, Bars},
    flow::{Flow, Node},
    health::{Card, Health, Level},
    image::{Image, MAX_PNG},
    ring::{Ring, Slice},
    series::{Day, Series},
    status::Status,
    timeline::{Row, Timeline},
};
use canvas::Canvas;

/// A picture of data, drawn at a width of 800 on a background of its own.
#[derive(Clone, Debug)]
pub enum Chart {
    /// What ran when.
    Timeline(Timeline),
    /// Stages, and how they follow each other.
    Flow(Flow),
    /// How a project is doing.
    Health(Health),
    /// Parts of a whole.
    Ring(Ring),
    /// Amounts by name.
    Bars(Bars),
    /// Amounts by day.
    Series(Series),
    /// What a pipeline consists of.
    Architecture(Architecture),
}

impl Chart {
    /// The chart as an SVG document. The same chart gives the same text.
    pub fn svg(&self) -> String {
        self.draw().finish()
    }

    /// What the chart says, in a few lines, for those who cannot see it.
    pub fn summary(&self) -> String {
        match self {
            Self::Timeline(chart) => chart.summary(),
            Self::Flow(chart) => chart.summary(),
            Self::Health(chart) => chart.summary(),
            Self::Ring(chart) => chart.summary(),
            Self::Bars(chart) => chart.summary(),
            Self::Series(chart) => chart.summary(),
            Self::Architecture(chart) => chart.summary(),
        }
    }

    fn draw(&self) -> Canvas {
        match self {
            Self::Timeline(chart) => chart.draw(),
            Self::Flow(chart) => chart.draw(),
            Self::Health(chart) => chart.draw(),
            Self::Ring(chart) => chart.draw(),
            Self::Bars(chart) => chart.draw(),
            Self::Series(chart) => chart.draw(),
            Self::Architecture(chart) => chart.draw(),
        }
    }
}

/// Draws `chart` as a PNG of at most [`MAX_PNG`] bytes.
pub fn render(chart: &Chart) -> Result<Image, Error> {
    image::rasterise(&chart.draw(), chart.summary())
}

#[cfg(test)]
mod tests;
