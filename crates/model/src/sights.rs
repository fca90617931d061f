//! What each source says of an alert, by the source's name.

use crate::duty::Sight;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// A small map in the order of the sources' names, and as JSON a map. Nearly every alert has one source, and a tree's node has room for
/// eleven: with fifty thousand alerts that would be 80 MB of nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sights(Vec<(String, Sight)>);

impl Sights {
    fn find(&self, source: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(name, _)| name.as_str().cmp(source))
    }

    /// What a source says.
    pub fn get(&self, source: &str) -> Option<&Sight> {
        let at = self.find(source).ok()?;
        self.0.get(at).map(|(_, s)| s)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, source: &str) -> Option<&mut Sight> {
        let at = self.find(source).ok()?;
        self.0.get_mut(at).map(|(_, s)| s)
    }

    /// Puts a source's sight in the place of the former, which is given back.
    pub fn insert(&mut self, source: String, sight: Sight) -> Option<Sight> {
        match self.find(&source) {
            Ok(at) => self.0.get_mut(at).map(|(_, s)| std::mem::replace(s, sight)),
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (source, sight));
                None
            }
        }
    }

    /// In order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Sight)> {
        self.0.iter().map(|(n, s)| (n, s))
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Sight)> {
        self.0.iter_mut().map(|(n, s)| (&*n, s))
    }

    /// The sources.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(n, _)| n)
    }

    /// What they say.
    pub fn values(&self) -> impl Iterator<Item = &Sight> {
        self.0.iter().map(|(_, s)| s)
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Sight> {
        self.0.iter_mut().map(|(_, s)| s)
    }

    /// How many sources.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Sight)> for Sights {
    fn from_iter<I: IntoIterator<Item = (String, Sight)>>(all: I) -> Self {
        // Of two with one name the later counts, as in a map.
        let map: BTreeMap<String, Sight> = all.into_iter().collect();
        Self(map.into_iter().collect())
    }
}

impl<const N: usize> From<[(String, Sight); N]> for Sights {
    fn from(all: [(String, Sight); N]) -> Self {
        all.into_iter().collect()
    }
}

impl Serialize for Sights {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Sights {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, Sight>::deserialize(d)?;
        Ok(Self(map.into_iter().collect()))
    }
}
