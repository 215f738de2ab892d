//! Settings keep the last value, and generated ones the first.

use futures::future::join_all;

use crate::backend::on_each;

#[tokio::test]
async fn the_last_value_stays() {
    on_each(|store| async move {
        assert_eq!(store.setting_get("mode").await.unwrap(), None);
        for value in ["one", "two"] {
            store.setting_put("mode", value).await.unwrap();
            assert_eq!(store.setting_get("mode").await.unwrap().as_deref(), Some(value));
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_generated_value_stays() {
    on_each(|store| async move {
        let generated = (0..8).map(|n| {
            let store = store.clone();
            async move { store.setting_put_if_absent("key", &format!("secret {n}")).await.unwrap() }
        });
        let seen = join_all(generated).await;
        let stored = store.setting_get("key").await.unwrap().unwrap();
        assert!(seen.iter().all(|value| *value == stored), "{seen:?}");
    })
    .await;
}
