//! The platform's rows.

mod fixture;
mod job;
mod managed_identity;
mod retention;
mod run;
mod sealing;
mod state_version;
mod tree;
mod variable;
