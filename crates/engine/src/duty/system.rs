//! What the program has to say of itself.

use super::Duty;
use super::setup::DUTY;
use model::Level;
use model::duty::NoticeKind;
use std::collections::BTreeMap;

impl Duty {
    /// The program tells of itself, once until `key` is forgotten, by other channels than `but`.
    pub(super) fn tell_system_once(
        &mut self,
        key: &str,
        code: &str,
        params: &[(&str, &str)],
        but: Option<&str>,
        now: i64,
    ) {
        if self.reported.insert(key.to_string()) {
            self.tell_system(code, params, but, now);
        }
    }

    pub(super) fn tell_system(
        &mut self,
        code: &str,
        params: &[(&str, &str)],
        but: Option<&str>,
        now: i64,
    ) {
        let mut to = self.setup.in_role(DUTY);
        to.retain(|p| self.setup.knows(p));
        if to.is_empty() {
            to = self.setup.everyone();
        }
        let mut channels = self.setup.channels_for_system();
        if channels.iter().any(|c| Some(c.as_str()) == but) {
            channels = self.setup.channels.iter().cloned().collect();
            channels.retain(|c| Some(c.as_str()) != but);
        }
        let named = |(n, v): &(&str, &str)| ((*n).to_string(), (*v).to_string());
        let params: BTreeMap<String, String> = params.iter().map(named).collect();
        let key = format!("system {code} {}", self.unique(now));
        for person in &to {
            for channel in &channels {
                let kind = NoticeKind::System {
                    code: code.to_string(),
                    params: params.clone(),
                };
                let address = (person.clone(), channel.clone());
                self.make(kind, Level::P1, Vec::new(), address, &key, now);
            }
        }
    }
}
