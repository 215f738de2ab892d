//! From SVG to PNG, within bounds.

use std::fmt;

use pilothouse_model::Error;
use resvg::{
    render,
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

use super::{canvas::Canvas, font, theme::WIDTH};

/// Largest PNG, in bytes; base64 adds a third.
pub const MAX_PNG: usize = 1024 * 1024;
/// Most pixels of a picture: larger ones are scaled down by clients anyway.
const MAX_PIXELS: f64 = 4_000_000.0;
/// Pixels for a unit, from the sharpest.
const SCALES: [f32; 4] = [2.0, 1.5, 1.0, 0.5];

/// A chart as MCP clients take it.
#[derive(Clone)]
pub struct Image {
    pub png: Vec<u8>,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// What the chart says, as text.
    pub summary: String,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}×{}, {} bytes)", self.width, self.height, self.png.len())
    }
}

pub(super) fn rasterise(canvas: &Canvas, summary: String) -> Result<Image, Error> {
    let options = Options {
        font_family: font::FAMILY.into(),
        fontdb: font::database(),
        ..Options::default()
    };
    let tree = Tree::from_str(&canvas.finish(), &options).map_err(Error::internal)?;
    let units = WIDTH * canvas.height();
    let fitting = SCALES
        .into_iter()
        .filter(|scale| units * f64::from(*scale) * f64::from(*scale) <= MAX_PIXELS);
    for scale in fitting {
        let size = tree.size().to_int_size().scale_by(scale);
        let Some(mut pixels) = size.and_then(|size| Pixmap::new(size.width(), size.height()))
        else {
            break;
        };
        render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        let (width, height) = (pixels.width(), pixels.height());
        let png = pixels.encode_png().map_err(Error::internal)?;
        if png.len() <= MAX_PNG {
            return Ok(Image { png, width, height, summary });
        }
    }
    Err(Error::invalid("the chart is too large to draw").hint("ask for fewer things"))
}
