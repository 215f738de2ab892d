//! The Terraform platform, spoken to as its clients do: gRPC and REST through the router. Jobs
//! are executed by a script instead of Terraform.

mod access;
mod cancel;
mod client;
mod door;
mod identity;
mod job_log;
mod managed_identity;
mod membership;
mod queue;
mod real;
mod retention;
mod run;
mod script;
mod servers;
mod state_version;
mod takeover;
mod team;
mod tree;
mod upload;
mod variable;
mod world;
