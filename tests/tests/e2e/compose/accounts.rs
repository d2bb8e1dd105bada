//! Accounts and keys are kept in volumes: `down` and `up` finds them again, `down --volumes` forgets them.
use e2e::{Jws, Test, compose::Project};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![accounts_keys_and_tokens_outlive_everything_but_the_volumes]
}

const PASSWORD: &str = "a long password of ann's";

async fn accounts_keys_and_tokens_outlive_everything_but_the_volumes() {
    let project = Project::up(&[]);
    project.add_user("ann", PASSWORD);
    let client = project.client();
    let token = client.log_in("ann", PASSWORD, 200).await.token();

    project.run(&["down"]).expect(0);
    project.start(&[]);
    let client = project.client();
    client.holding(&token).secure(200).await;
    let again = client.log_in("ann", PASSWORD, 200).await.token();
    let kid = |token: &str| Jws::parse(token).header["kid"].clone();
    assert_eq!(kid(&token), kid(&again));

    project.run(&["down", "--volumes"]).expect(0);
    project.start(&[]);
    let client = project.client();
    client.log_in("ann", PASSWORD, 401).await;
    client.holding(&token).secure(401).await;
    assert_ne!(kid(&token), kid(client.logged_in().await.token()));
}
