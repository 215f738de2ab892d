//! The font inside the binary, and how wide text is in it. No other font is ever loaded: letters
//! that it lacks are shown as a question mark, and signs that it lacks are left out.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::{Database, Source};
use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
};

static REGULAR: &[u8] = include_bytes!("font/Roboto-Regular.ttf");
static MEDIUM: &[u8] = include_bytes!("font/Roboto-Medium.ttf");

pub(super) const FAMILY: &str = "Roboto";
const UNKNOWN: char = '?';
const ELLIPSIS: char = '…';

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Medium,
}

impl Weight {
    fn font(self) -> Option<&'static FontRef<'static>> {
        static PARSED: [OnceLock<Option<FontRef<'static>>>; 2] = [OnceLock::new(), OnceLock::new()];
        let (slot, bytes) = match self {
            Self::Regular => (&PARSED[0], REGULAR),
            Self::Medium => (&PARSED[1], MEDIUM),
        };
        slot.get_or_init(|| FontRef::new(bytes).ok()).as_ref()
    }

    /// As SVG writes it.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Regular => 400,
            Self::Medium => 500,
        }
    }
}

/// What the renderer takes its glyphs from.
pub(super) fn database() -> Arc<Database> {
    static DATABASE: OnceLock<Arc<Database>> = OnceLock::new();
    let build = || {
        let mut database = Database::new();
        for bytes in [REGULAR, MEDIUM] {
            database.load_font_source(Source::Binary(Arc::new(bytes)));
        }
        Arc::new(database)
    };
    Arc::clone(DATABASE.get_or_init(build))
}

/// The width of `text` at `size`.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|c| advance(c, weight)).sum::<f64>() * size
}

/// `text` on one line in what the font has, cut to `most` with an ellipsis, before the end: long
/// names often differ only there.
pub(super) fn fit(text: &str, size: f64, weight: Weight, most: f64) -> String {
    let shown: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| has(*c) || c.is_alphanumeric())
        .map(|c| if has(c) { c } else { UNKNOWN })
        .take(MAX_CHARACTERS)
        .collect();
    let shown = shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if width(&shown, size, weight) <= most {
        return shown;
    }
    let room = most - advance(ELLIPSIS, weight) * size;
    let fitting = |characters: &mut dyn Iterator<Item = char>, room: f64| -> String {
        let mut used = 0.0;
        let fits = |c: &char| {
            used += advance(*c, weight) * size;
            used <= room
        };
        characters.take_while(fits).collect()
    };
    let end = fitting(&mut shown.chars().rev(), room * LAST_PART);
    let end: String = end.chars().rev().collect();
    let start = fitting(&mut shown.chars(), room - width(&end, size, weight));
    format!("{}{ELLIPSIS}{}", start.trim_end(), end.trim_start())
}

/// Whether `text` can be read in what the font has.
pub(super) fn spells(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphanumeric()).peekable();
    letters.peek().is_some() && letters.all(has)
}

/// How much of the room the end of a cut text gets.
const LAST_PART: f64 = 0.35;

/// More than a line of the smallest text holds.
const MAX_CHARACTERS: usize = 400;

fn has(c: char) -> bool {
    Weight::Regular.font().is_some_and(|font| font.charmap().map(c).is_some())
}

/// The advance of one character at size 1.
fn advance(c: char, weight: Weight) -> f64 {
    const TYPICAL: f64 = 0.55;
    let measured = weight.font().and_then(|font| {
        let glyph = font.charmap().map(c)?;
        font.glyph_metrics(Size::new(1.0), LocationRef::default()).advance_width(glyph)
    });
    measured.map_or(TYPICAL, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_cut_and_never_needs_another_font() {
        let narrow = width("iiii", 12.0, Weight::Regular);
        let wide = width("WWWW", 12.0, Weight::Regular);
        assert!(narrow * 3.0 < wide, "{narrow} {wide}");
        assert_eq!(fit("Строка café", 12.0, Weight::Regular, 200.0), "Строка café");
        assert_eq!(fit("部署\nprod\u{7}", 12.0, Weight::Regular, 200.0), "?? prod");
        assert_eq!(fit("🚀 Deploy 🎉 to ⚙️ prod", 12.0, Weight::Regular, 200.0), "Deploy to prod");
        let spelt = ["Строка café", "🚀 Deploy", "部署 prod", "🚀", ""].map(spells);
        assert_eq!(spelt, [true, true, false, false, false]);
        let cut = fit("a rather long name of a stage 17", 12.0, Weight::Medium, 80.0);
        assert_eq!(cut, "a rather l…e 17");
        assert!(width(&cut, 12.0, Weight::Medium) <= 80.0);
        assert!(fit(&"x".repeat(100_000), 12.0, Weight::Regular, 1e9).len() <= MAX_CHARACTERS);
    }
}
