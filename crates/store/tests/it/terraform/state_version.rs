//! State versions and uploaded configurations.

use pilothouse_model::Timestamp;
use pilothouse_store::terraform::{
    ChangeError, ConfigurationStatus, ConfigurationVersion, Meta, NewState, PageRequest, RunChange,
    StateOutput, StateVersion, StateVersionSort, Workspace,
};

use super::fixture::{MANY, NOW, stored_workspace};
use crate::backend::on_each;

fn state(workspace: &Workspace, serial: i64) -> NewState {
    let id = Meta::new(NOW).id;
    NewState {
        outputs: vec![StateOutput {
            id: Meta::new(NOW).id,
            state_version_id: id.clone(),
            name: "vpc_id".to_owned(),
            value: "\"vpc-1\"".to_owned(),
            value_type: "\"string\"".to_owned(),
            sensitive: false,
        }],
        version: StateVersion {
            id,
            created_at: NOW,
            workspace_id: workspace.meta.id.clone(),
            workspace_path: workspace.path.clone(),
            run_id: None,
            created_by: "root".to_owned(),
            lineage: "l".to_owned(),
            serial,
        },
        content: vec![b'{', 0, b'}'],
    }
}

#[tokio::test]
async fn the_newest_state_is_current_and_cleans_the_workspace() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let dirty_workspace_id = Some(prod.meta.id.clone());
        store.run_change(&RunChange { dirty_workspace_id, ..RunChange::default() }).await.unwrap();
        assert!(store.workspace_get(&prod.meta.id).await.unwrap().unwrap().dirty_state);

        let first = state(&prod, 1);
        store.state_version_create(&first, MANY, Timestamp(0)).await.unwrap();
        let second = state(&prod, 2);
        let change = RunChange { state: Some(second.clone()), ..RunChange::default() };
        store.run_change(&change).await.unwrap();

        let workspace = store.workspace_get(&prod.meta.id).await.unwrap().unwrap();
        assert!(!workspace.dirty_state);
        assert_eq!(workspace.current_state_version_id.as_ref(), Some(&second.version.id));
        let id = &second.version.id;
        assert_eq!(store.state_version_get(id).await.unwrap().unwrap(), second.version);
        assert_eq!(store.state_version_content(id).await.unwrap().unwrap(), second.content);
        assert_eq!(store.state_output_list(id).await.unwrap(), second.outputs);
        let output = store.state_output_get(&second.outputs[0].id).await.unwrap().unwrap();
        assert_eq!(output, second.outputs[0]);

        let newest_first = StateVersionSort { descending: true };
        let page = store
            .state_version_list(&prod.meta.id, newest_first, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items, [second.version, first.version]);

        let error =
            store.state_version_create(&state(&prod, 3), 2, Timestamp(0)).await.unwrap_err();
        assert!(matches!(error, ChangeError::Limit { limit: 2, .. }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_configuration_is_finished_once() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let mut configuration = ConfigurationVersion {
            meta: Meta::new(NOW),
            workspace_id: prod.meta.id.clone(),
            workspace_path: prod.path.clone(),
            status: ConfigurationStatus::Pending,
            speculative: true,
            created_by: "root".to_owned(),
            archive_bytes: 0,
            error_message: None,
            removed_at: None,
        };
        store.configuration_version_create(&configuration, 1, Timestamp(0)).await.unwrap();
        let id = configuration.meta.id.clone();
        let stored = store.configuration_version_get(&id).await.unwrap().unwrap();
        assert_eq!(stored, configuration);
        let second = ConfigurationVersion { meta: Meta::new(NOW), ..configuration.clone() };
        let error = store.configuration_version_create(&second, 1, Timestamp(0)).await.unwrap_err();
        assert!(matches!(error, ChangeError::Limit { limit: 1, .. }), "{error}");

        configuration.status = ConfigurationStatus::Errored;
        configuration.error_message = Some("a link".to_owned());
        store.configuration_version_finish(&configuration, NOW).await.unwrap();
        let twice = store.configuration_version_finish(&configuration, NOW).await.unwrap_err();
        assert!(matches!(twice, ChangeError::Stale));
        let stored = store.configuration_version_get(&id).await.unwrap().unwrap();
        assert_eq!((stored.status, stored.meta.version), (ConfigurationStatus::Errored, 2));
        assert_eq!(store.configuration_version_ids(&prod.meta.id).await.unwrap(), [id]);
    })
    .await;
}
