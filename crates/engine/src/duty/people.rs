//! Who is meant: policies that fit, steps that name somebody, channels that exist.

use super::matchers::Matchers;
use super::setup::{LOCAL, Policy, Setup, Step, Target, seed_policies};
use model::duty::{Person, PersonId};
use model::{Labels, Level};
use std::collections::HashMap;

/// The role of everybody.
const ALL: &str = "all";

/// All policies with their conditions compiled: those of the configuration, then the handbook's for what none of them fits.
#[derive(Debug, Default)]
pub struct Policies {
    all: Vec<(Policy, Matchers)>,
    by_name: HashMap<String, usize>,
}

impl Policies {
    /// Of a configuration. Policies that cannot be used (without steps, unreadable conditions) are left out; their names are given back.
    pub fn new(setup: &Setup) -> (Self, Vec<String>) {
        let mut out = Self::default();
        let mut bad = Vec::new();
        let stand_ins = seed_policies(&setup.channels).into_iter().map(|p| Policy {
            name: format!("default-{}", p.name),
            ..p
        });
        for policy in setup.policies.iter().cloned().chain(stand_ins) {
            match Matchers::compile(&policy.matchers) {
                Ok(matchers) if !policy.steps.is_empty() => out.add(policy, matchers),
                _ => bad.push(policy.name),
            }
        }
        (out, bad)
    }

    fn add(&mut self, mut policy: Policy, matchers: Matchers) {
        let mut latest = 0;
        for step in &mut policy.steps {
            latest = step.after_ms.max(latest);
            step.after_ms = latest;
        }
        let index = self.all.len();
        self.by_name.entry(policy.name.clone()).or_insert(index);
        self.all.push((policy, matchers));
    }

    /// The policy for an alert.
    pub fn choose(&self, level: Level, labels: &Labels) -> Option<&Policy> {
        let fits = |(p, m): &&(Policy, Matchers)| {
            (p.levels.is_empty() || p.levels.contains(&level)) && m.matches(labels)
        };
        self.all.iter().find(fits).map(|(p, _)| p)
    }

    /// The policy of this name.
    pub fn get(&self, name: &str) -> Option<&Policy> {
        let index = self.by_name.get(name)?;
        self.all.get(*index).map(|(p, _)| p)
    }
}

impl Setup {
    /// Ids of everybody who can be told: [`LOCAL`] where nobody is configured.
    pub fn everyone(&self) -> Vec<PersonId> {
        if self.people.is_empty() {
            return vec![LOCAL.to_string()];
        }
        self.people.iter().map(|p| p.id.clone()).collect()
    }

    /// A person by id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.id == id)
    }

    /// Whether somebody with this id can be told.
    pub fn knows(&self, id: &str) -> bool {
        if self.people.is_empty() {
            id == LOCAL
        } else {
            self.person(id).is_some()
        }
    }

    /// A person's name, or the id where there is none.
    pub fn name_of(&self, id: &str) -> String {
        match self.person(id) {
            Some(p) if !p.name.is_empty() => p.name.clone(),
            _ => id.to_string(),
        }
    }

    /// Persons that a step names, in its order, each once, as of now. May be nobody.
    pub fn named_by(&self, step: &Step) -> Vec<PersonId> {
        let mut out: Vec<PersonId> = Vec::new();
        for target in &step.targets {
            let ids = match target {
                Target::Person(id) => vec![id.clone()],
                Target::Group(name) => self.groups.get(name).cloned().unwrap_or_default(),
                Target::Role(role) => self.in_role(role),
                Target::Everyone => self.everyone(),
            };
            for id in ids {
                if self.knows(&id) && !out.contains(&id) {
                    out.push(id);
                }
            }
        }
        out
    }

    /// Roles of rotas that a step names and no rota has. While no rota has said anything, nothing is known of them.
    pub fn unknown_roles(&self, step: &Step) -> Vec<String> {
        let of_rota = |role: &&String| role.contains('/');
        if !self.roles.keys().any(|r| of_rota(&r)) {
            return Vec::new();
        }
        let roles = step.targets.iter().filter_map(|t| match t {
            Target::Role(role) => Some(role),
            _ => None,
        });
        let unknown = roles
            .filter(of_rota)
            .filter(|r| !self.roles.contains_key(*r));
        unknown.cloned().collect()
    }

    /// Who has a role now. Where nobody is configured, the one person there is has all of them.
    pub fn in_role(&self, role: &str) -> Vec<PersonId> {
        if role == ALL || self.people.is_empty() {
            return self.everyone();
        }
        self.roles.get(role).cloned().unwrap_or_default()
    }

    /// Channels of a step that exist; all that exist, if none of them does.
    pub fn channels_of(&self, step: &Step) -> Vec<String> {
        self.existing(&step.channels)
    }

    /// Channels for what the program has to say of itself.
    pub fn channels_for_system(&self) -> Vec<String> {
        self.existing(&self.system_channels)
    }

    fn existing(&self, named: &[String]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for name in named {
            if self.channels.contains(name) && !out.contains(name) {
                out.push(name.clone());
            }
        }
        if out.is_empty() {
            out = self.channels.iter().cloned().collect();
        }
        out
    }
}
