//! People on rotas, and the roles they have there.

use crate::duty::PersonId;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A way to reach somebody: a telephone number, an address, an account. `Debug` and `Display` show it masked.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Contact(String);

impl Contact {
    /// Takes the text over without the blanks around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_string())
    }

    /// The text itself: for sending, for exports, and where somebody asked to see it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As screens show it: `138****1234`, `+86 138****1234`, `z***@example.com`, `z***`.
    pub fn masked(&self) -> String {
        let text = self.0.as_str();
        if text.is_empty() {
            return String::new();
        }
        if let Some((user, host)) = text.rsplit_once('@') {
            return format!("{}@{host}", first_only(user));
        }
        let number = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.len() < 7 || !text.chars().all(number) {
            return first_only(text);
        }
        let (country, digits) = match digits.strip_prefix("86") {
            Some(rest) if text.starts_with('+') && rest.len() >= 7 => ("+86 ", rest),
            _ => ("", digits.as_str()),
        };
        // At least four digits stay hidden; of a short number fewer are shown.
        let (head, tail) = if digits.len() >= 11 { (3, 4) } else { (1, 2) };
        let ends = (digits.get(..head), digits.get(digits.len() - tail..));
        match ends {
            (Some(head), Some(tail)) => format!("{country}{head}****{tail}"),
            _ => "****".to_string(),
        }
    }
}

fn first_only(text: &str) -> String {
    let first: String = text.chars().take(1).collect();
    format!("{first}***")
}

impl From<&str> for Contact {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A person who can be on a rota.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Unique; the same as of the person who is told of alerts ([`crate::duty::Person::id`]).
    pub id: PersonId,
    /// As shown: 李四.
    pub name: String,
    /// Telephone number.
    #[serde(default)]
    pub phone: Contact,
    /// E-mail address.
    #[serde(default)]
    pub email: Contact,
    /// 钉钉 user id or mobile number.
    #[serde(default)]
    pub dingtalk: Contact,
    /// 企业微信 user id.
    #[serde(default)]
    pub wecom: Contact,
    /// Where the person lives, if not in the rota's zone: whose night counts as a night.
    #[serde(default)]
    pub zone: Option<Tz>,
    /// Roles that the person can take; none named: all.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Teams that the person belongs to.
    #[serde(default)]
    pub teams: Vec<String>,
}

impl Member {
    /// Whether the person can take a role.
    pub fn can(&self, role: &Role) -> bool {
        self.roles.is_empty() || self.roles.contains(role)
    }
}

/// What somebody is on duty as. As text (in files and the database): `primary`, `secondary`, `manager`, or the other name itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Role {
    /// 主值: is told first.
    #[default]
    Primary,
    /// 备值: is told when the primary does not answer.
    Secondary,
    /// 主管: is told when nobody answers, and when nobody is on duty.
    Manager,
    /// Any other.
    Other(String),
}

impl Role {
    /// The role's name in files; of [`Role::Other`] as it was given.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Manager => "manager",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Role {
    /// Reads English and Chinese names: `primary`, 主值, `secondary`, 备值, `manager`, 主管; everything else is another role.
    fn from(text: &str) -> Self {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "primary" | "主值" => Self::Primary,
            "secondary" | "备值" => Self::Secondary,
            "manager" | "主管" => Self::Manager,
            _ => Self::Other(text.to_string()),
        }
    }
}

impl From<String> for Role {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.as_str().to_string()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_masked_and_never_printed() {
        for (text, masked) in [
            ("13800131234", "138****1234"),
            ("+86 138 0013 1234", "+86 138****1234"),
            ("+8613800131234", "+86 138****1234"),
            ("010-62345678", "010****5678"),
            ("62345678", "6****78"),
            ("6234567", "6****67"),
            ("zhang.san@example.com", "z***@example.com"),
            ("张三@例子.中国", "张***@例子.中国"),
            ("zhangsan", "z***"),
            ("12345", "1***"),
            ("", ""),
        ] {
            let contact = Contact::new(text);
            assert_eq!(contact.masked(), masked, "{text}");
            assert_eq!(format!("{contact}{contact:?}"), masked.repeat(2));
            assert_eq!(contact.expose(), text);
        }
    }

    #[test]
    fn a_role_is_one_word_in_files() {
        for (text, role) in [
            ("主值", Role::Primary),
            ("Secondary", Role::Secondary),
            (" manager ", Role::Manager),
            ("dba", Role::Other("dba".into())),
        ] {
            assert_eq!(Role::from(text), role);
            assert_eq!(Role::from(String::from(role.clone())), role);
        }
    }
}
