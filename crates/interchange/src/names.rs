//! Names of roles, and several names in one cell.

use crate::Language;
use model::rota::Role;

/// A role as a file names it; [`Role::from`] reads all of them.
pub(crate) fn role_name(role: &Role, language: Language) -> &str {
    match (role, language) {
        (Role::Primary, Language::Chinese) => "主值",
        (Role::Secondary, Language::Chinese) => "备值",
        (Role::Manager, Language::Chinese) => "主管",
        (role, _) => role.as_str(),
    }
}

/// What divides names in a cell.
const DIVIDERS: [char; 7] = [';', '；', '、', ',', '，', '|', '\n'];

/// Several names to one cell. A divider that belongs to a name gets a backslash.
pub(crate) fn to_list(names: &[&str]) -> String {
    let escaped = names.iter().map(|name| {
        let mut out = String::with_capacity(name.len());
        for c in name.chars() {
            if c == '\\' || DIVIDERS.contains(&c) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    });
    escaped.collect::<Vec<_>>().join(";")
}

/// One cell to several names. Blank ones are left out.
pub(crate) fn split_list(cell: &str) -> Vec<String> {
    let (mut names, mut name, mut escaped) = (Vec::new(), String::new(), false);
    for c in cell.chars() {
        if escaped || !(c == '\\' || DIVIDERS.contains(&c)) {
            // a backslash before anything else is itself
            if escaped && c != '\\' && !DIVIDERS.contains(&c) {
                name.push('\\');
            }
            name.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else {
            names.push(std::mem::take(&mut name));
        }
    }
    if escaped {
        name.push('\\');
    }
    names.push(name);
    let trimmed = names.iter().map(|n| n.trim().to_owned());
    trimmed.filter(|n| !n.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_divided_as_people_divide_them() {
        for cell in [
            "平台;数据库",
            "平台；数据库",
            "平台、数据库",
            " 平台 | 数据库 ",
            "平台,,数据库;",
        ] {
            assert_eq!(split_list(cell), ["平台", "数据库"], "{cell}");
        }
        assert_eq!(split_list(""), [""; 0]);
        assert_eq!(split_list(r"C:\ops"), [r"C:\ops"]);
        let odd = ["a;b", r"c\", r"\d", "e、f"];
        assert_eq!(split_list(&to_list(&odd)), odd);
    }

    #[test]
    fn roles_are_read_in_both_languages() {
        for role in [
            Role::Primary,
            Role::Secondary,
            Role::Manager,
            Role::from("dba"),
        ] {
            for language in [Language::Chinese, Language::English] {
                assert_eq!(Role::from(role_name(&role, language)), role);
            }
        }
    }
}
