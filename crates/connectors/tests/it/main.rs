//! The connectors against platforms made of data: over HTTP and gRPC, remote and embedded.

#![cfg(test)]

mod embedded;
mod fake;
mod grpc;
mod harness;
mod harness_hook;
mod harness_limit;
mod harness_recorder;
mod harness_refusal;
mod harness_wire;
mod hook;
mod remote;
mod socket;
mod token;
