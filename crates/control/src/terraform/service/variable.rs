//! Variables of groups and workspaces. A sensitive value goes in and never comes out again.

use std::collections::{BTreeMap, HashSet};

use pilothouse_model::{
    Error,
    id::{ResourceType, Trn},
    text::prefix,
};
use pilothouse_store::terraform::{
    NewVariable, Page, PageRequest, Variable, VariableCategory, VariableVersion, VersionSort,
};

use super::{check_version, taken};
use crate::terraform::{
    Terraform, limit,
    reference::{self, Reference},
    rule,
};

fn check(variable: &NewVariable) -> Result<(), Error> {
    rule::variable_name(variable.category, &variable.key)?;
    rule::variable_value(&variable.key, &variable.value)?;
    if variable.sensitive && variable.value.is_empty() {
        let key = &variable.key;
        return Err(Error::invalid(format!("the sensitive variable {key:?} has an empty value")));
    }
    Ok(())
}

/// The variable that a TRN path names: `<namespace path>/<category>/<key>`.
fn split(path: &str) -> Option<(&str, VariableCategory, &str)> {
    let (rest, key) = path.rsplit_once('/')?;
    let (namespace, category) = rest.rsplit_once('/')?;
    Some((namespace, VariableCategory::from_word(category)?, key))
}

pub(crate) fn trn(variable: &Variable) -> String {
    let Variable { namespace_path, category, key, .. } = variable;
    let path = format!("{namespace_path}/{}/{key}", category.as_str());
    Trn::new(ResourceType::Variable, path).to_string()
}

impl Terraform {
    pub(crate) async fn variable_create(
        &self,
        namespace_path: &str,
        variable: NewVariable,
    ) -> Result<Variable, Error> {
        check(&variable)?;
        let namespace = self.namespace_by_path(namespace_path).await?;
        let (most, now) = (limit::VARIABLES_PER_NAMESPACE, self.config.clock.now());
        let created = self.store.variable_create(&namespace.id, &variable, most, now).await;
        let id = created.map_err(|error| taken(error, &format!("variable {:?}", variable.key)))?;
        self.variable_by_id(&id).await
    }

    async fn variable_by_id(&self, id: &str) -> Result<Variable, Error> {
        let found = self.store.variable_get(id).await?;
        let kind = ResourceType::Variable;
        found.ok_or_else(|| reference::not_found(kind, &reference::gid(kind, id)))
    }

    pub(crate) async fn variable_get(&self, id: &str) -> Result<Variable, Error> {
        let found = match reference::read(ResourceType::Variable, id)? {
            Reference::Id(id) => self.store.variable_get(&id).await?,
            Reference::Path(path) => match split(&path) {
                Some((namespace, category, key)) => {
                    self.store.variable_get_by_key(namespace, category, key).await?
                }
                None => None,
            },
        };
        found.ok_or_else(|| reference::not_found(ResourceType::Variable, id))
    }

    /// All variables that work in a namespace: its own, and those it inherits and does not
    /// replace. By category and key.
    pub(crate) async fn variable_list(&self, namespace_path: &str) -> Result<Vec<Variable>, Error> {
        let mut effective = BTreeMap::new();
        self.namespace_by_path(namespace_path).await?;
        for namespace in self.store.namespace_lineage(namespace_path).await? {
            for variable in self.store.variable_list(&namespace.id).await? {
                effective.insert((variable.category, variable.key.clone()), variable);
            }
        }
        Ok(effective.into_values().collect())
    }

    pub(crate) async fn variable_update(
        &self,
        id: &str,
        key: &str,
        value: &str,
    ) -> Result<Variable, Error> {
        let mut variable = self.variable_get(id).await?;
        let Variable { category, sensitive, .. } = variable;
        let (key, value) = (key.to_owned(), value.to_owned());
        check(&NewVariable { category, key: key.clone(), sensitive, value: value.clone() })?;
        (variable.key, variable.value) = (key, value);
        let updated = self.store.variable_update(&variable, self.config.clock.now()).await;
        updated.map_err(|error| taken(error, &format!("variable {:?}", variable.key)))?;
        self.variable_by_id(&variable.meta.id).await
    }

    pub(crate) async fn variable_delete(
        &self,
        id: &str,
        version: Option<i64>,
    ) -> Result<(), Error> {
        let variable = self.variable_get(id).await?;
        check_version(version, variable.meta.version)?;
        Ok(self.store.variable_delete(&variable.meta.id, variable.meta.version).await?)
    }

    /// Makes `wanted` all variables of one category in one namespace. What is there under the
    /// same key and sensitivity is kept or changed; everything else is deleted or created.
    pub(crate) async fn variable_set(
        &self,
        namespace_path: &str,
        category: VariableCategory,
        wanted: Vec<NewVariable>,
    ) -> Result<(), Error> {
        wanted.iter().try_for_each(check)?;
        check_set(&wanted)?;
        let namespace = self.namespace_by_path(namespace_path).await?;
        let present = self.store.variable_list(&namespace.id).await?;
        let (mut delete, mut update) = (Vec::new(), Vec::new());
        let mut create: BTreeMap<_, _> =
            wanted.into_iter().map(|new| ((new.key.clone(), new.sensitive), new)).collect();
        for mut variable in present.into_iter().filter(|found| found.category == category) {
            match create.remove(&(variable.key.clone(), variable.sensitive)) {
                None => delete.push(variable),
                Some(new) if new.value == variable.value => {}
                Some(new) => {
                    variable.value = new.value;
                    update.push(variable);
                }
            }
        }
        let create: Vec<_> = create.into_values().collect();
        let now = self.config.clock.now();
        let set = self.store.variable_set(&namespace.id, &delete, &update, &create, now).await;
        set.map_err(|error| taken(error, "a variable of this category"))
    }

    pub(crate) async fn variable_version_get(&self, id: &str) -> Result<VariableVersion, Error> {
        let target = reference::target(ResourceType::VariableVersion, id)?;
        let found = self.store.variable_version_get(&target.id).await?;
        found.ok_or_else(|| reference::not_found(ResourceType::VariableVersion, id))
    }

    pub(crate) async fn variable_version_list(
        &self,
        variable: &str,
        sort: VersionSort,
        page: &PageRequest,
    ) -> Result<Page<VariableVersion>, Error> {
        let variable = self.variable_get(variable).await?;
        Ok(self.store.variable_version_list(&variable.meta.id, sort, page).await?)
    }
}

fn check_set(wanted: &[NewVariable]) -> Result<(), Error> {
    let most = usize::try_from(limit::VARIABLES_PER_NAMESPACE).unwrap_or(usize::MAX);
    if wanted.len() > most {
        let count = wanted.len();
        return Err(Error::limited(format!("{count} variables, at most {most} fit a namespace")));
    }
    let mut seen = HashSet::new();
    match wanted.iter().find(|new| !seen.insert(new.key.as_str())) {
        Some(twice) => {
            Err(Error::invalid(format!("the key {:?} is given twice", prefix(&twice.key, 80))))
        }
        None => Ok(()),
    }
}
