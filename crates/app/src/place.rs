//! Where an operating system keeps a user's files.

use std::path::PathBuf;

use crate::environment::Environment;

/// The three conventions that we follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux and the other systems that follow the XDG base directories.
    Linux,
    Mac,
    Windows,
}

impl System {
    /// The one that this program was built for.
    pub fn current() -> Self {
        if cfg!(target_os = "macos") {
            Self::Mac
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Linux
        }
    }
}

/// The directories of one user. Each is `None` when the environment does not tell.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    pub system: System,
    pub environment: &'a Environment,
}

impl Places<'_> {
    pub fn home(&self) -> Option<PathBuf> {
        let variable = if self.system == System::Windows { "USERPROFILE" } else { "HOME" };
        self.path(variable)
    }

    /// Where programs keep what they make: our database, keys and jobs.
    pub fn data(&self) -> Option<PathBuf> {
        match self.system {
            System::Linux => {
                self.path("XDG_DATA_HOME").or_else(|| Some(self.home()?.join(".local/share")))
            }
            System::Mac => self.application_support(),
            System::Windows => self.path("LOCALAPPDATA"),
        }
    }

    /// Where programs look for what the user wrote, as command line programs see it.
    pub fn configuration(&self) -> Option<PathBuf> {
        match self.system {
            System::Linux | System::Mac => {
                self.path("XDG_CONFIG_HOME").or_else(|| Some(self.home()?.join(".config")))
            }
            System::Windows => self.path("APPDATA"),
        }
    }

    /// Where desktop applications keep their settings.
    pub fn application_support(&self) -> Option<PathBuf> {
        match self.system {
            System::Mac => Some(self.home()?.join("Library/Application Support")),
            System::Linux | System::Windows => self.configuration(),
        }
    }

    fn path(&self, variable: &str) -> Option<PathBuf> {
        self.environment.get(variable).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_own_places() {
        let unix = Environment::from([("HOME", "/home/ada")]);
        let xdg = Environment::from([("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")]);
        let windows = Environment::from([("USERPROFILE", "C:/ada"), ("APPDATA", "C:/ada/Roaming")]);
        let empty = Environment::default();
        for (system, environment, data, application_support) in [
            (System::Linux, &unix, Some("/home/ada/.local/share"), Some("/home/ada/.config")),
            (System::Linux, &xdg, Some("/data"), Some("/home/ada/.config")),
            (
                System::Mac,
                &unix,
                Some("/home/ada/Library/Application Support"),
                Some("/home/ada/Library/Application Support"),
            ),
            (System::Windows, &windows, None, Some("C:/ada/Roaming")),
            (System::Linux, &empty, None, None),
        ] {
            let places = Places { system, environment };
            assert_eq!(places.data(), data.map(PathBuf::from), "{system:?}");
            assert_eq!(places.application_support(), application_support.map(PathBuf::from));
        }
    }
}
