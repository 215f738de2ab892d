//! What the embedded platforms do, from the outside.

#![cfg(test)]

mod executor;
mod platform;
