//! Sentences from `locales/` with values that are only known at run time.

use std::collections::BTreeMap;

/// Locales that the program speaks.
pub const LOCALES: [&str; 2] = ["zh-CN", "en"];

/// The sentence of `key` in `locale`, its `%{name}` filled in. The key itself when there is no such sentence.
pub fn say(locale: &str, key: &str, params: &BTreeMap<String, String>) -> String {
    let template = rust_i18n::t!(key, locale = locale);
    fill(&template, params)
}

/// A sentence without values.
pub fn plain(locale: &str, key: &str) -> String {
    rust_i18n::t!(key, locale = locale).into_owned()
}

/// Whether `locale` has a sentence for `key`.
pub fn exists(locale: &str, key: &str) -> bool {
    crate::_rust_i18n_try_translate(locale, key).is_some()
}

fn fill(template: &str, params: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(start) = rest.find("%{") {
        let Some(end) = rest[start..].find('}').map(|i| start + i) else {
            break;
        };
        out.push_str(&rest[..start]);
        // A value is put in once and never looked at again: a label that contains "%{…}" stays as it is.
        match params.get(&rest[start + 2..end]) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[start..=end]),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

/// The locale to use for the command line before any configuration is read: from `LC_ALL`, `LC_MESSAGES`, `LANG`; Chinese unless
/// the environment asks for English.
pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> &'static str {
    let set = ["SHOUWANG_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| get(name).filter(|v| !v.is_empty()));
    if set.is_some_and(|v| v.to_ascii_lowercase().starts_with("en")) {
        "en"
    } else {
        "zh-CN"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once() {
        let params = BTreeMap::from([
            ("a".to_owned(), "%{b}".to_owned()),
            ("b".to_owned(), "x".to_owned()),
        ]);
        assert_eq!(fill("1 %{a} 2 %{b} %{c} %{", &params), "1 %{b} 2 x %{c} %{");
        assert_eq!(
            say("zh-CN", "error.unauthorized", &BTreeMap::new()),
            "用户名、密码或令牌被拒绝"
        );
        assert!(exists("en", "error.unauthorized") && !exists("en", "error.nope"));
    }

    #[test]
    fn chinese_unless_asked_otherwise() {
        assert_eq!(from_environment(|_| None), "zh-CN");
        assert_eq!(
            from_environment(|n| (n == "LANG").then(|| "C.UTF-8".into())),
            "zh-CN"
        );
        assert_eq!(
            from_environment(|n| (n == "LANG").then(|| "en_US.UTF-8".into())),
            "en"
        );
    }
}
