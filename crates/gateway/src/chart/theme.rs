//! Colours and measures that all charts share. The background is ours, so that a chart looks the
//! same in a light and in a dark client.

/// Logical width of every chart.
pub(super) const WIDTH: f64 = 800.0;
/// Free space on all sides.
pub(super) const MARGIN: f64 = 24.0;
/// Where what stands inside the margins ends.
pub(super) const RIGHT: f64 = WIDTH - MARGIN;

pub(super) const BACKGROUND: &str = "#ffffff";
pub(super) const BORDER: &str = "#cbd5e1";
pub(super) const GRID: &str = "#e2e8f0";
pub(super) const STRIPE: &str = "#f8fafc";
pub(super) const INK: &str = "#0f172a";
pub(super) const SOFT: &str = "#475569";

/// For things without a status, in order; every colour is readable on white and under white text.
pub(super) const PALETTE: [&str; 10] = [
    "#4f46e5", "#047857", "#be123c", "#b45309", "#7e22ce", "#0e7490", "#be185d", "#4d7c0f",
    "#c2410c", "#0f766e",
];

/// The colour of the thing at `index`.
pub(super) fn palette(index: usize) -> &'static str {
    PALETTE[index % PALETTE.len()]
}
