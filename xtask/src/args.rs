//! The little that is needed to read a command's arguments.

use anyhow::{Context, Result, bail};

/// Arguments not yet taken.
#[derive(Debug, Clone, Default)]
pub struct Args {
    rest: Vec<String>,
}

impl Args {
    /// All arguments after the command's name.
    pub fn new(given: impl Iterator<Item = String>) -> Self {
        Self {
            rest: given.collect(),
        }
    }

    /// Takes `name`; whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.rest.len();
        self.rest.retain(|a| a != name);
        self.rest.len() < before
    }

    /// Takes `name VALUE` or `name=VALUE`.
    ///
    /// # Errors
    /// When the value is missing.
    pub fn value(&mut self, name: &str) -> Result<Option<String>> {
        let with_equals = format!("{name}=");
        if let Some(i) = self.rest.iter().position(|a| a.starts_with(&with_equals)) {
            let taken = self.rest.remove(i);
            return Ok(taken.strip_prefix(&with_equals).map(str::to_owned));
        }
        let Some(i) = self.rest.iter().position(|a| a == name) else {
            return Ok(None);
        };
        self.rest.remove(i);
        if i >= self.rest.len() {
            bail!("{name} 后面缺少值 · {name} needs a value");
        }
        Ok(Some(self.rest.remove(i)))
    }

    /// Takes `name NUMBER`.
    ///
    /// # Errors
    /// When the value is missing or no number.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>> {
        self.value(name)?
            .map(|v| {
                v.parse()
                    .with_context(|| format!("{name} {v}：不是整数 · not a whole number"))
            })
            .transpose()
    }

    /// Takes all words that do not begin with `-`; each must be one of `known`.
    ///
    /// # Errors
    /// When a word is not known.
    pub fn words(&mut self, known: &[&str]) -> Result<Vec<String>> {
        let (words, rest): (Vec<_>, Vec<_>) =
            self.rest.drain(..).partition(|a| !a.starts_with('-'));
        self.rest = rest;
        if let Some(bad) = words.iter().find(|w| !known.contains(&w.as_str())) {
            bail!(
                "不认识 {bad}，可用：{0} · {bad} is not one of {0}",
                known.join(" ")
            );
        }
        Ok(words)
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// When something is left that nobody knows.
    pub fn finish(self) -> Result<()> {
        match self.rest.first() {
            None => Ok(()),
            Some(a) => bail!("不认识参数 {a} · unknown argument {a}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn args(words: &[&str]) -> Args {
        Args::new(words.iter().map(|w| (*w).to_owned()))
    }

    #[test]
    fn flags_values_and_words_are_taken_once() {
        let mut a = args(&["wall", "--quick", "--minutes", "5", "--config=x.toml"]);
        assert!(a.flag("--quick") && !a.flag("--quick"));
        assert_eq!(a.number("--minutes").unwrap(), Some(5));
        assert_eq!(a.value("--config").unwrap().as_deref(), Some("x.toml"));
        assert_eq!(a.words(&["wall", "start"]).unwrap(), ["wall"]);
        a.finish().unwrap();
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(args(&["--seconds"]).value("--seconds").is_err());
        assert!(args(&["--seconds", "x"]).number("--seconds").is_err());
        assert!(args(&["moon"]).words(&["wall"]).is_err());
        assert!(args(&["--moon"]).finish().is_err());
    }
}
