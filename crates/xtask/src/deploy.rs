//! What is shipped to run the product elsewhere: the Dockerfile and the Kubernetes manifests. What
//! can be said about them without a container engine is checked here.

use std::collections::BTreeMap;

use serde_json::Value;

/// The parts of a Dockerfile that the rules look at, of its last stage.
#[derive(Debug, Default)]
pub struct Image {
    pub user: String,
    pub port: String,
    pub variables: BTreeMap<String, String>,
    pub health: String,
    pub stages: usize,
    /// What the last stage is made from.
    pub base: String,
    /// How the stage before it compiled.
    pub flags: String,
}

impl Image {
    pub fn read(dockerfile: &str) -> Self {
        let joined = dockerfile.replace("\\\n", " ");
        let mut image = Self::default();
        for line in joined.lines().map(str::trim) {
            let Some((instruction, rest)) = line.split_once(' ') else { continue };
            let rest = rest.trim();
            match instruction {
                "FROM" => {
                    image = Self {
                        stages: image.stages + 1,
                        base: rest.to_owned(),
                        flags: image.variables.remove("RUSTFLAGS").unwrap_or_default(),
                        ..Self::default()
                    };
                }
                "USER" => rest.clone_into(&mut image.user),
                "EXPOSE" => rest.clone_into(&mut image.port),
                "HEALTHCHECK" => rest.clone_into(&mut image.health),
                "ENV" => {
                    let pairs = rest.split_whitespace().filter_map(|pair| pair.split_once('='));
                    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
                    image.variables.extend(pairs);
                }
                _ => {}
            }
        }
        image
    }

    /// What is wrong with it.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut demand = |holds: bool, what: &str| {
            if !holds {
                found.push(format!("Dockerfile: {what}"));
            }
        };
        demand(self.stages > 1, "the compiler belongs in a stage of its own");
        demand(self.flags.contains("+crt-static"), "the program is not linked statically");
        demand(self.base.contains("/static-"), "a static program needs no C library beside it");
        demand(is_plain_user(&self.user), "the last stage must name a user by number, not root");
        demand(self.health.contains("\"health\""), "the health check is not the program's own");
        let listens = self.variables.get("PILOTHOUSE_LISTEN").map_or("", String::as_str);
        let port = listens.rsplit(':').next().unwrap_or_default();
        demand(listens.starts_with("0.0.0.0:"), "nothing outside the container reaches it");
        demand(port == self.port, "EXPOSE is not the port that it listens on");
        found
    }
}

fn is_plain_user(user: &str) -> bool {
    let id = user.split(':').next().unwrap_or_default();
    id.parse::<u32>().is_ok_and(|id| id > 0)
}

/// The manifests as one set: what refers to each other must fit.
pub struct Manifests {
    documents: Vec<Value>,
}

impl Manifests {
    /// From the text of each file; fails with what does not parse.
    pub fn read<'t>(files: impl Iterator<Item = (&'t str, &'t str)>) -> Result<Self, String> {
        let parse =
            |(name, text)| serde_saphyr::from_str(text).map_err(|error| format!("{name}: {error}"));
        Ok(Self { documents: files.map(parse).collect::<Result<_, _>>()? })
    }

    fn of(&self, kind: &str) -> Result<&Value, String> {
        let found = self.documents.iter().find(|document| document["kind"] == kind);
        found.ok_or_else(|| format!("there is no {kind}"))
    }

    /// The resources that a `kubectl apply -k` takes.
    pub fn listed(&self) -> Result<Vec<String>, String> {
        let list = self.of("Kustomization")?["resources"].as_array().cloned().unwrap_or_default();
        Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The environment of the container, secrets under a value of their own.
    pub fn variables(&self) -> Result<BTreeMap<String, String>, String> {
        let secret = &self.of("Secret")?["stringData"];
        let mut variables = BTreeMap::new();
        for entry in self.container()?["env"].as_array().into_iter().flatten() {
            let name = entry["name"].as_str().unwrap_or_default();
            let key = entry["valueFrom"]["secretKeyRef"]["key"].as_str();
            let value = entry["value"].as_str().or_else(|| secret[key?].as_str());
            let value = value.ok_or_else(|| format!("{name}: the secret has no such key"))?;
            variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(variables)
    }

    fn pod(&self) -> Result<&Value, String> {
        Ok(&self.of("Deployment")?["spec"]["template"]["spec"])
    }

    fn container(&self) -> Result<&Value, String> {
        Ok(&self.pod()?["containers"][0])
    }

    /// What is wrong with them; `routes` are the paths that the server answers without a token.
    pub fn violations(&self, routes: &[&str]) -> Result<Vec<String>, String> {
        let (deployment, pod, container) = (self.of("Deployment")?, self.pod()?, self.container()?);
        let variables = self.variables()?;
        let mut found = Vec::new();
        let mut demand = |holds: bool, what: &str| {
            if !holds {
                found.push(format!("deployment.yaml: {what}"));
            }
        };
        demand(deployment["spec"]["replicas"].as_u64() >= Some(2), "less than two replicas");
        demand(
            variables["PILOTHOUSE_DATABASE_URL"].starts_with("postgres://"),
            "replicas must share a PostgreSQL",
        );
        let user = &pod["securityContext"];
        demand(user["runAsNonRoot"] == true, "may run as root");
        demand(user["runAsUser"].as_u64() > Some(0), "names no user");
        let rights = &container["securityContext"];
        demand(rights["allowPrivilegeEscalation"] == false, "may gain privileges");
        demand(rights["readOnlyRootFilesystem"] == true, "may change its own files");
        demand(rights["capabilities"]["drop"][0] == "ALL", "keeps capabilities");
        demand(container["resources"]["limits"]["memory"].is_string(), "memory has no limit");
        demand(container["resources"]["requests"]["cpu"].is_string(), "requests no CPU");

        let port = &container["ports"][0];
        let listens = variables["PILOTHOUSE_LISTEN"].rsplit(':').next();
        demand(
            listens == port["containerPort"].as_u64().map(|port| port.to_string()).as_deref(),
            "the container's port is not the one it listens on",
        );
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let get = &container[probe]["httpGet"];
            let path = get["path"].as_str().unwrap_or_default();
            demand(
                routes.contains(&path),
                &format!("{probe} asks for {path:?}, which is no route"),
            );
            demand(get["port"] == port["name"], &format!("{probe} asks another port"));
            let host = &get["httpHeaders"][0];
            demand(
                host["name"] == "Host" && host["value"] == "localhost",
                &format!("{probe} asks under a host that would be refused"),
            );
        }
        let service = &self.of("Service")?["spec"];
        demand(service["ports"][0]["targetPort"] == port["name"], "the service has another port");
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        demand(service["selector"] == *labels, "the service selects other pods");
        let disruption = &self.of("PodDisruptionBudget")?["spec"]["selector"]["matchLabels"];
        demand(disruption == labels, "the disruption budget is for other pods");
        for volume in container["volumeMounts"].as_array().into_iter().flatten() {
            let volumes = pod["volumes"].as_array().into_iter().flatten();
            let is_there = volumes.into_iter().any(|known| known["name"] == volume["name"]);
            demand(is_there, &format!("there is no volume {}", volume["name"]));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_careless_image_is_noticed() {
        let image = Image::read(
            "FROM a AS build\nUSER 7\nFROM b\nENV PILOTHOUSE_LISTEN=127.0.0.1:1 \\\n    X=y\n\
             USER root\nEXPOSE 2\nHEALTHCHECK CMD curl x\n",
        );
        assert_eq!(image.variables["X"], "y");
        assert_eq!(image.violations().len(), 6, "{:?}", image.violations());
    }
}
