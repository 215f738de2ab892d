//! The gateway from outside.

#![cfg(test)]

mod mcp;
