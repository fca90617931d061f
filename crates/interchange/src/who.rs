//! Finding what a file names in the book, and shifts that do not fit each other.

use crate::fault::{Fault, Problem, Refused};
use model::duty::PersonId;
use model::rota::{Book, Override, Role, Rota};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Longest shift that an imported file may have: more is a wrong year.
const MAX_DAYS: i64 = 366;
const DAY_MS: i64 = 86_400_000;
/// Where rotas are, ms.
const YEAR_2000: i64 = 946_684_800_000;
const YEAR_2200: i64 = 7_258_118_400_000;

/// People and rotas by everything that a file may call them.
pub(crate) struct Names<'a> {
    book: &'a Book,
    people: BTreeMap<String, Vec<&'a PersonId>>,
    emails: BTreeMap<String, Vec<&'a PersonId>>,
    rotas: BTreeMap<&'a str, &'a Arc<Rota>>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(book: &'a Book) -> Self {
        let mut people: BTreeMap<String, Vec<&PersonId>> = BTreeMap::new();
        let mut emails: BTreeMap<String, Vec<&PersonId>> = BTreeMap::new();
        for (id, member) in &book.members {
            people
                .entry(member.name.trim().to_lowercase())
                .or_default()
                .push(id);
            if !member.email.is_empty() {
                let email = member.email.expose().to_lowercase();
                emails.entry(email).or_default().push(id);
            }
        }
        let rotas = book.rotas.values().map(|r| (r.name.trim(), r)).collect();
        Self {
            book,
            people,
            emails,
            rotas,
        }
    }

    /// By id, name or e-mail address.
    pub(crate) fn person(&self, text: &str) -> Result<PersonId, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::Missing);
        }
        if self.book.members.contains_key(text) {
            return Ok(text.to_owned());
        }
        let lower = text.to_lowercase();
        let found = self.people.get(&lower).or_else(|| self.emails.get(&lower));
        match found.map(Vec::as_slice) {
            None | Some([]) => Err(Problem::UnknownPerson),
            Some([one]) => Ok((*one).clone()),
            Some(several) => Err(Problem::AmbiguousPerson {
                ids: joined(several.iter().map(|id| id.as_str())),
            }),
        }
    }

    /// By id or name.
    pub(crate) fn rota(&self, text: &str) -> Result<&'a Rota, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::Missing);
        }
        let by_id = self.book.rotas.get(&text.into());
        let found = by_id.or_else(|| self.rotas.get(text).copied());
        found.map(Arc::as_ref).ok_or(Problem::UnknownRota)
    }
}

/// The first few, for a sentence.
fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.take(10).collect::<Vec<_>>().join(", ")
}

/// A role of a rota, in any of its names.
pub(crate) fn role(rota: &Rota, text: &str) -> Result<Role, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::Missing);
    }
    let role = Role::from(text);
    let layers = rota.layers.iter().map(|l| &l.role);
    let known: BTreeSet<&Role> = layers.chain(&rota.required).collect();
    if known.contains(&role) {
        Ok(role)
    } else {
        Err(Problem::UnknownRole {
            roles: joined(known.iter().map(|r| r.as_str())),
        })
    }
}

/// Whether a shift of this length can be meant.
pub(crate) fn wrong_length(from: i64, until: i64) -> Option<Problem> {
    if from < YEAR_2000 || until >= YEAR_2200 {
        return Some(Problem::DateYear);
    }
    if until <= from {
        return Some(Problem::EndNotAfterStart);
    }
    let days = (until - from) / DAY_MS;
    (days > MAX_DAYS).then_some(Problem::TooLarge {
        what: "days",
        is: days.unsigned_abs(),
        max: MAX_DAYS.unsigned_abs(),
    })
}

/// Shifts of a file that overlap others of the same rota and role: the one that stands further down is at fault.
pub(crate) fn overlaps(
    shifts: &[(u64, Override)],
    refused: &mut Refused,
    fault: impl Fn(u64, Problem) -> Fault,
) {
    let mut order: Vec<&(u64, Override)> = shifts.iter().collect();
    order.sort_by_key(|(line, o)| (&o.rota, &o.role, o.from, *line));
    // of those before, the one that lasts longest
    let mut longest: Option<&(u64, Override)> = None;
    for this in order {
        let same = |o: &&(u64, Override)| (&o.1.rota, &o.1.role) == (&this.1.rota, &this.1.role);
        longest = match longest.filter(same) {
            None => Some(this),
            Some(other) => {
                if this.1.from < other.1.until {
                    let (above, below) = (this.0.min(other.0), this.0.max(other.0));
                    refused.add(fault(below, Problem::Overlaps { line: above }));
                }
                Some(if this.1.until > other.1.until {
                    this
                } else {
                    other
                })
            }
        };
    }
}
