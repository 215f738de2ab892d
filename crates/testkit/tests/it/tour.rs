//! The whole story with the real Terraform: fail, diagnose, fix, apply.

use pilothouse_app::{
    config::{Arguments, Config, Flag},
    environment::Environment,
    exit::Exit,
    place::{Places, System},
    tour,
};
use pilothouse_testkit::terraform;

async fn tour_with(terraform: &str) -> Exit {
    let data = tempfile::tempdir().unwrap();
    let environment = Environment::from([("PILOTHOUSE_TERRAFORM", terraform)]);
    let places = Places { system: System::current(), environment: &environment };
    let arguments = Arguments { file: None, flags: vec![Flag::data(data.path())] };
    let config = Config::load(&arguments, &places).unwrap_or_else(|problems| panic!("{problems}"));
    tour::run(config, false).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_ends_well() {
    let Some(terraform) = terraform() else { return };
    assert_eq!(tour_with(&terraform).await, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_terraform_the_tour_says_so_with_exit_3() {
    assert_eq!(tour_with("/nowhere/terraform").await, Exit::Missing);
}
