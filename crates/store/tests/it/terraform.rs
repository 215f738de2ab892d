//! The platform's rows.

mod fixture;
mod job;
mod run;
mod state_version;
mod tree;
mod variable;
