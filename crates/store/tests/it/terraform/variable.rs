//! Variables and their history.

use pilothouse_store::terraform::{
    ChangeError, NewVariable, PageRequest, VariableCategory, VersionSort,
};

use super::fixture::{MANY, NOW, stored_workspace};
use crate::backend::on_each;

fn new(key: &str, value: &str) -> NewVariable {
    NewVariable {
        category: VariableCategory::Terraform,
        key: key.to_owned(),
        sensitive: false,
        value: value.to_owned(),
    }
}

#[tokio::test]
async fn each_value_is_kept() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let id =
            store.variable_create(&prod.meta.id, &new("region", "eu"), MANY, NOW).await.unwrap();
        let mut variable = store.variable_get(&id).await.unwrap().unwrap();
        assert_eq!(
            (variable.value.as_str(), variable.namespace_path.as_str()),
            ("eu", "acme/prod")
        );

        "us".clone_into(&mut variable.value);
        store.variable_update(&variable, NOW).await.unwrap();
        let stale = store.variable_update(&variable, NOW).await.unwrap_err();
        assert!(matches!(stale, ChangeError::Stale));
        let category = VariableCategory::Terraform;
        let found = store.variable_get_by_key("acme/prod", category, "region").await.unwrap();
        assert_eq!(found.unwrap().value, "us");

        let sort = VersionSort { descending: false };
        let page = store.variable_version_list(&id, sort, &PageRequest::default()).await.unwrap();
        let values: Vec<_> = page.items.iter().map(|version| version.value.as_str()).collect();
        assert_eq!(values, ["eu", "us"]);
        let first = store.variable_version_get(&page.items[0].id).await.unwrap().unwrap();
        assert_eq!(first, page.items[0]);
    })
    .await;
}

#[tokio::test]
async fn a_set_happens_whole_or_not_at_all() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let namespace = &prod.meta.id;
        for key in ["a", "b"] {
            store.variable_create(namespace, &new(key, "1"), MANY, NOW).await.unwrap();
        }
        let all = store.variable_list(namespace).await.unwrap();
        let twins = [new("c", "1"), new("c", "2")];
        let error = store.variable_set(namespace, &all[..1], &[], &twins, NOW).await.unwrap_err();
        assert!(matches!(&error, ChangeError::Store(error) if error.is_duplicate()), "{error}");
        assert_eq!(store.variable_list(namespace).await.unwrap(), all);

        let mut changed = all[1].clone();
        "2".clone_into(&mut changed.value);
        store.variable_set(namespace, &all[..1], &[changed], &[new("c", "3")], NOW).await.unwrap();
        let all = store.variable_list(namespace).await.unwrap();
        let pairs: Vec<_> =
            all.iter().map(|found| (found.key.as_str(), found.value.as_str())).collect();
        assert_eq!(pairs, [("b", "2"), ("c", "3")]);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_taken_once_per_category_and_the_count_has_a_limit() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let namespace = &prod.meta.id;
        store.variable_create(namespace, &new("a", "1"), 2, NOW).await.unwrap();
        let twin = store.variable_create(namespace, &new("a", "1"), 2, NOW).await.unwrap_err();
        assert!(matches!(&twin, ChangeError::Store(error) if error.is_duplicate()), "{twin}");
        let environment = NewVariable { category: VariableCategory::Environment, ..new("a", "1") };
        store.variable_create(namespace, &environment, 2, NOW).await.unwrap();
        let third = store.variable_create(namespace, &new("b", "1"), 2, NOW).await.unwrap_err();
        assert!(matches!(third, ChangeError::Limit { limit: 2, .. }), "{third}");
    })
    .await;
}
