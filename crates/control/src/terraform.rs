//! The embedded Terraform workspace platform: a server of Tharsis' own API.

pub mod executor;
