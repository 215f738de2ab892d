//! For tests only: the whole product in a test's own process, and servers to test it against.

mod app;
mod conformance;
mod harness;
mod issuer;
mod program;
mod provider;

pub use app::{Answer, TestApp};
pub use conformance::Fixture;
pub use harness::{FakeHarness, Fault, Seen};
pub use issuer::TestIssuer;
pub use program::{FakeTerraform, Program, fifo, operate, operate_with, supervisor, terraform};
pub use provider::FakeProvider;
