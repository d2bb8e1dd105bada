//! Accounts and keys outlive the container if they are given a volume.
use e2e::{
    Jws, Program, Test, Volume,
    container::{Container, docker, image},
};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![a_volume_keeps_accounts_and_keys, what_is_in_it_is_for_its_owner_only]
}

async fn monolith_on(volume: &Volume) -> Container {
    let mount = format!("--volume={}:/var/lib/flotilla", volume.name());
    Container::confined(Program::Monolith, &image(Program::Monolith), &[&mount], &[]).ready().await
}

async fn a_volume_keeps_accounts_and_keys() {
    let volume = Volume::new();
    let first = monolith_on(&volume).await;
    let holder = first.client().logged_in().await;
    drop(first);
    let second = monolith_on(&volume).await;
    let client = second.client();
    client.holding(holder.token()).secure(200).await;
    let again = client.logged_in().await;
    assert_eq!(Jws::parse(holder.token()).header["kid"], Jws::parse(again.token()).header["kid"]);
}

async fn what_is_in_it_is_for_its_owner_only() {
    let volume = Volume::new();
    let monolith = monolith_on(&volume).await;
    let modes = monolith.exec(&["stat", "-c", "%a %u", "/var/lib/flotilla", "/var/lib/flotilla/auth.db"]).expect(0).out;
    assert_eq!(modes, "700 10001\n600 10001\n");
    // A container without a name for its volume has one of its own, which goes with it.
    let anonymous = Container::confined(Program::Auth, &image(Program::Auth), &[], &[]).ready().await;
    let name = anonymous.inspect()["Mounts"][0]["Name"].as_str().expect("a volume").to_owned();
    drop(anonymous);
    docker(["volume", "inspect", &name]).expect(1);
}
