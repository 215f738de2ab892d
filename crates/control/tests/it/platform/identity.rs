//! Who calls, and whom.

use pilothouse_model::{Caller, Principal, PrincipalKind};

use super::{
    client::{Client, caller, caller::get_caller_identity_response::Caller as View, ok, versions},
    world::{World, trn},
};

#[tokio::test]
async fn callers_learn_who_they_are() {
    let world = World::new().await;
    let robot = Principal {
        id: "sa:1".to_owned(),
        kind: PrincipalKind::ServiceAccount,
        name: "acme/ci".to_owned(),
    };
    for (principal, expected) in
        [(Principal::local_user("jo"), "trn:user:jo"), (robot, "trn:service_account:acme/ci")]
    {
        let caller = Some(Caller::new(principal));
        let client = Client { caller, ..world.client.clone() };
        let mut identity = caller::caller_identity_client::CallerIdentityClient::new(client);
        let metadata = match ok(identity.get_caller_identity(()).await).caller.unwrap() {
            View::User(user) => user.metadata,
            View::ServiceAccount(account) => account.metadata,
        };
        assert_eq!(trn(&metadata), expected);
    }
}

#[tokio::test]
async fn the_server_tells_its_version() {
    let world = World::new().await;
    let mut client = versions::version_client::VersionClient::new(world.client.clone());
    assert_eq!(ok(client.get_version(()).await).version, env!("CARGO_PKG_VERSION"));
}
