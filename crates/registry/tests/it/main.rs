//! The registry's data as the product ships it.

mod data;
