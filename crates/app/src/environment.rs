//! The process's environment as a value, so that everything that depends on it is a function of
//! its arguments and tests never touch the real one.

mod file;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

type Variables = BTreeMap<String, OsString>;

/// Environment variables by name. Values may be secret, so there is no `Debug`.
#[derive(Clone, Default)]
pub struct Environment {
    own: Variables,
    /// From the `.env` of the directory where the program starts, which may be somebody else's.
    /// Never what `own` has.
    nearby: Variables,
}

impl Environment {
    /// The only reader of the process's environment in the product.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect()
    }

    /// The value of `name`; an empty value counts as not set.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        value(&self.own, name)
    }

    /// What the `.env` of the directory says. How much that is worth is the configuration's to say.
    pub(crate) fn nearby(&self, name: &str) -> Option<&OsStr> {
        value(&self.nearby, name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(String::as_str)
    }
}

fn value<'v>(variables: &'v Variables, name: &str) -> Option<&'v OsStr> {
    variables.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        let own = variables.map(|(name, value)| (name.into(), value.into())).collect();
        Self { own, nearby: Variables::new() }
    }
}

impl<N: Into<String>, V: Into<OsString>, const COUNT: usize> From<[(N, V); COUNT]> for Environment {
    fn from(variables: [(N, V); COUNT]) -> Self {
        variables.into_iter().collect()
    }
}
