//! Rotas and roles that the configuration names. Rotas live in the database, so that the file alone cannot say whether there is one.

use super::news::{NOBODY, UNSIGNED, role_of, roles_of};
use crate::Problem;
use crate::config::{self, Config, Loaded};
use crate::duty::start::DATABASE;
use model::rota::Book;
use std::path::Path;

/// Steps of policies that name a rota, or a role of a rota, that there is not: by the line of the file.
pub fn unknown_roles(file: &Path, config: &Config, book: &Book) -> Vec<Problem> {
    let mut out = Vec::new();
    let steps = config.policy.iter().flat_map(|p| &p.step);
    for (line, to) in steps.flat_map(|s| s.to.iter().map(move |to| (s.line, to))) {
        let role = role_of(to);
        let Some((id, wanted)) = role.split_once('/') else {
            continue;
        };
        if [NOBODY, UNSIGNED].contains(&role.as_str()) {
            continue;
        }
        let problem = |key, known: Vec<String>| {
            Problem::new(file, key)
                .at(line)
                .with("key", "policy.step.to")
                .with("value", to)
                .with("rota", id)
                .with("known", known.join(", "))
        };
        match book.rotas.get(&id.into()) {
            None => {
                let known = book.rotas.keys().map(|id| id.0.clone()).collect();
                out.push(problem("config_unknown_rota", known));
            }
            Some(rota) => {
                let roles: Vec<String> = roles_of(rota).iter().map(ToString::to_string).collect();
                if !roles.iter().any(|r| r == wanted) {
                    out.push(problem("config_unknown_rota_role", roles));
                }
            }
        }
    }
    out
}

/// For `shouwang check`: against the database of the desk, where there is one. Without it nothing can be said.
pub async fn checked(loaded: &Loaded) -> Vec<Problem> {
    let (Some(file), Some(data)) = (&loaded.file, config::data_dir(&loaded.config)) else {
        return Vec::new();
    };
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Vec::new();
    }
    let opened = store::Store::open_read_only(&database).await;
    let book = match opened {
        Ok(store) => store.load_rota().await,
        Err(e) => Err(e),
    };
    match book {
        Ok(book) => unknown_roles(file, &loaded.config, &book),
        Err(e) => {
            tracing::warn!(error = %e, "rotas cannot be read");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::rota::{Layer, Role, Rota};
    use std::sync::Arc;

    #[test]
    fn a_rota_and_a_role_that_are_not_there_are_named_with_their_line() {
        let text = concat!(
            "[[policy]]\nname = \"own\"\nlevel = \"P1\"\n",
            "[[policy.step]]\nchannels = [\"popup\"]\nto = [\"platform/主值\", \"platform/dba\", \"rota/nobody\", \"all\"]\n",
            "[[policy.step]]\nafter_minutes = 5\nchannels = [\"popup\"]\nto = [\"plattform/primary\", \"platform/secondary\"]\n",
        );
        let file = Path::new("c.toml");
        let (config, problems) = config::check::parse(file, text);
        assert_eq!(problems, []);
        let mut rota = Rota::new("platform", "平台", chrono_tz::Asia::Shanghai);
        rota.layers = vec![Layer {
            role: Role::Other("dba".into()),
            ..Layer::default()
        }];
        let mut book = Book::default();
        book.rotas.insert(rota.id.clone(), Arc::new(rota));
        let found = unknown_roles(file, &config, &book);
        let said: Vec<String> = found.iter().map(|p| p.say("en")).collect();
        assert_eq!(
            said,
            [
                "c.toml:10: policy.step.to: \"plattform/primary\": there is no rota plattform; there are: platform",
                "c.toml:10: policy.step.to: \"platform/secondary\": the rota has no such role; it has: primary, dba",
            ]
        );
    }
}
