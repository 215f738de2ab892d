//! Turns the layers' texts into types and collects what is wrong instead of stopping at it.

use super::{
    layer::Layers,
    problem::{Origin, Problems},
    setting::Setting,
};

pub(super) struct Reader<'a> {
    pub(super) layers: &'a Layers<'a>,
    pub(super) problems: Problems,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a Layers<'a>, problems: Problems) -> Self {
        Self { layers, problems }
    }

    /// The value of a setting that may be absent. Also `None` when it is wrong, which is noted.
    pub(super) fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        match self.layers.find(setting) {
            Ok(None) => None,
            Ok(Some((origin, text))) => {
                let value = parse(text.trim());
                if value.is_none() {
                    self.note(setting, &origin, &text);
                }
                value
            }
            Err(problem) => {
                self.problems.add(problem);
                None
            }
        }
    }

    /// The value of a setting that the built-in defaults have, too.
    pub(super) fn required<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let before = self.problems.0.len();
        let value = self.optional(setting, parse);
        if value.is_none() && self.problems.0.len() == before {
            self.problems.add(format!("{} is not set; {}", setting.variable, setting.about));
        }
        value
    }

    /// Whether nobody set it.
    pub(super) fn is_default(&self, setting: &Setting) -> bool {
        matches!(self.layers.find(setting), Ok(Some((Origin::Default { .. }, _))))
    }

    fn note(&mut self, setting: &Setting, origin: &Origin, text: &str) {
        let value = if setting.secret { "set".to_owned() } else { format!("{text:?}") };
        self.problems.add(format!("{origin} is {value}, expected {}", setting.expects));
    }
}
