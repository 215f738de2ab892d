//! The registry's data as the product ships it.

#![cfg(test)]

mod data;
mod describe;
mod document;
mod prompt;
