//! Configuration: built-in defaults < file < environment < command line, parsed into types once at
//! the start. Everything that is wrong is reported together.
//!
//! Nothing else in the product reads the environment or a configuration file.

mod access;
mod certificate;
mod data;
mod forgone;
mod github;
mod harness;
mod layer;
mod limit;
mod log;
mod mail;
mod parse;
mod policy;
mod problem;
mod reader;
mod reference;
mod server;
mod setting;
mod sign_in;
mod terraform;
mod tharsis;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use pilothouse_access::Policy;
use pilothouse_model::Error;

pub(crate) use self::harness::for_clients as harness_for_clients;
pub use self::{
    access::Access,
    data::Data,
    forgone::FORGONE,
    github::GitHub,
    harness::Harness,
    layer::{Flag, MAX_FILE_BYTES},
    limit::Limit,
    log::{Log, LogFormat},
    mail::Mail,
    problem::Problems,
    reference::reference,
    server::Server,
    setting::{FILE_VARIABLE, GROUPS, Group, Setting, TOKEN_VARIABLE},
    sign_in::{GitHubProvider, OpenIdProvider, SignIn},
    terraform::Terraform,
    tharsis::Tharsis,
};
use self::{layer::Layers, reader::Reader};
use crate::{
    environment::Environment,
    place::{Places, System},
    practice,
};

/// Everything an operator decided.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub log: Log,
    /// For every surface that has no switches of its own.
    pub policy: Policy,
    /// Policies of the operator's own, which every surface obeys.
    pub policies: Option<PathBuf>,
    pub access: Access,
    pub sign_in: SignIn,
    pub github: GitHub,
    pub limit: Limit,
    pub mail: Option<Mail>,
    pub terraform: Terraform,
    pub tharsis: Tharsis,
    pub harness: Harness,
    /// Files beside the data that may hold secrets, which no job may read: to begin with, the one
    /// that this was read from.
    pub private: Vec<PathBuf>,
    /// Who started the program, as the operating system calls them.
    pub operator: String,
    /// Variables of a server that we replace which are set and do nothing here, with what to use
    /// instead.
    pub without_effect: Vec<(&'static str, &'static str)>,
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// `--config`.
    pub file: Option<PathBuf>,
    pub flags: Vec<Flag>,
}

impl Config {
    /// Reads all layers. `places` tells where the user's files are and holds the environment.
    pub fn load(arguments: &Arguments, places: &Places<'_>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let file = file(arguments, places);
        let layers =
            Layers::read(&arguments.flags, places.environment, file.clone(), &mut problems);
        let mut reader = Reader::new(&layers, problems);
        let config = Self::read(&mut reader, places);
        match config {
            Some(config) if reader.problems.is_empty() => {
                Ok(Self { private: file.into_iter().collect(), ..config })
            }
            _ => Err(reader.problems),
        }
    }

    fn read(reader: &mut Reader<'_>, places: &Places<'_>) -> Option<Self> {
        let server = Server::read(reader);
        let data = Data::read(reader, places);
        let log = Log::read(reader);
        let policy = policy::read(reader);
        let policies = policy::policies(reader);
        let access = Access::read(reader);
        let sign_in = SignIn::read(reader);
        let github = GitHub::read(reader);
        let limit = Limit::read(reader);
        let mail = Mail::read(reader);
        let terraform = Terraform::read(reader);
        let tharsis = Tharsis::read(reader);
        let harness = Harness::read(reader);
        let unheeded = reader.layers.unheeded().map(|name| (name, forgone::UNHEEDED));
        let without_effect =
            forgone::set_in(places.environment).into_iter().chain(unheeded).collect();
        if let (Some(sign_in), Some(server)) = (&sign_in, &server) {
            sign_in.check(server, reader);
        }
        Some(Self {
            server: server?,
            data: data?,
            log: log?,
            policy: policy?,
            policies,
            access: access?,
            sign_in: sign_in?,
            github: github?,
            limit: limit?,
            mail,
            terraform: terraform?,
            tharsis: tharsis?,
            harness: harness?,
            private: Vec::new(),
            operator: operator(places),
            without_effect,
        })
    }

    /// A private server on a free loopback port with its data in `directory`: what the program is
    /// without any setting, but for what this machine needs to run and to log.
    pub fn for_tour(&self, directory: &Path) -> Result<Self, Error> {
        let environment = Environment::default();
        let places = Places { system: System::current(), environment: &environment };
        let flags = vec![Flag::data(directory), Flag::listen("127.0.0.1:0")];
        let defaults = Self::load(&Arguments { file: None, flags }, &places)?;
        Ok(Self {
            log: self.log.clone(),
            terraform: self.terraform.clone(),
            private: self.private.clone(),
            operator: self.operator.clone(),
            ..defaults
        })
    }

    /// With the practice server as the only account of Harness, and no switch that lets writes
    /// through.
    pub fn for_practice(mut self, server: &practice::Server) -> Result<Self, Error> {
        self.harness = self.harness.for_practice(&server.url)?;
        Ok(self)
    }
}

/// The user's name. Windows has it under another variable; a container may have none.
fn operator(places: &Places<'_>) -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| places.environment.get(name)?.to_str())
        .unwrap_or("operator")
        .to_owned()
}

/// The file that was asked for, which must exist, or the usual one if it exists.
fn file(arguments: &Arguments, places: &Places<'_>) -> Option<PathBuf> {
    let asked = arguments.file.clone();
    asked.or_else(|| places.environment.get(FILE_VARIABLE).map(PathBuf::from)).or_else(|| {
        let usual = places.configuration()?.join("pilothouse/config.toml");
        usual.exists().then_some(usual)
    })
}
