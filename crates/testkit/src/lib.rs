//! For tests only: the whole product in a test's own process, and servers to test it against.

mod app;

pub use app::{Answer, TestApp};
