//! The whole stories: with the real Terraform (fail, diagnose, fix, apply) and on a Harness in
//! memory, which needs nothing.

use pilothouse_app::{
    cli::{TourArguments, TourPlatform},
    config::{Arguments, Config, Flag},
    environment::Environment,
    exit::Exit,
    place::{Places, System},
    tour,
};
use pilothouse_testkit::terraform;

async fn tour_with(terraform: &str) -> Exit {
    tour_on(TourPlatform::Tharsis, &[("PILOTHOUSE_TERRAFORM", terraform)]).await
}

async fn tour_on(platform: TourPlatform, variables: &[(&str, &str)]) -> Exit {
    let data = tempfile::tempdir().unwrap();
    let environment: Environment = variables.iter().copied().collect();
    let places = Places { system: System::current(), environment: &environment };
    let arguments = Arguments { file: None, flags: vec![Flag::data(data.path())] };
    let config = Config::load(&arguments, &places).unwrap_or_else(|problems| panic!("{problems}"));
    tour::run(config, &TourArguments { platform, keep: false }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_ends_well() {
    let Some(terraform) = terraform() else { return };
    assert_eq!(tour_with(&terraform).await, Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_on_harness_ends_well_whatever_the_operators_own_settings_are() {
    let own = [("HARNESS_READ_ONLY", "true"), ("HARNESS_TOOLSETS", "ccm")];
    for variables in [&[][..], &own[..]] {
        assert_eq!(tour_on(TourPlatform::Harness, variables).await, Exit::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_terraform_the_tour_says_so_with_exit_3() {
    assert_eq!(tour_with("/nowhere/terraform").await, Exit::Missing);
}
