//! Which pop-up is which notice. No I/O.
//!
//! A notification's id means something only together with the server that gave it: a server that is started again counts from 1 anew, and
//! any program on the bus can send a signal with any id. So an id is known by the unique bus name of the server that answered.

use super::{Gone, PopupAction, PopupEvent};
use model::alert::Level;
use model::duty::NoticeId;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Pop-ups at once; above that the least urgent and oldest is closed. The alert stays in the list of the desk.
pub(super) const MOST: usize = 60;
/// Signals that may come before the answer that tells their id.
const EARLY: usize = 64;

/// Where a pop-up is: the server's unique bus name, and its id there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub server: String,
    pub id: u32,
}

/// A signal of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Action(String),
    Closed(u32),
}

struct Card {
    place: Option<Place>,
    level: Level,
    /// When it was last shown, counted.
    turn: u64,
    /// The question is under way.
    flying: bool,
    /// Taken back while the question was under way.
    withdrawn: bool,
    acked: bool,
}

/// What to do with a pop-up that has arrived.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Signals that had come before.
    pub events: Vec<PopupEvent>,
    /// Pop-ups to close.
    pub close: Vec<Place>,
}

/// All pop-ups that are up or on their way.
#[derive(Default)]
pub(super) struct Shown {
    cards: BTreeMap<NoticeId, Card>,
    at: HashMap<Place, NoticeId>,
    early: VecDeque<(Place, Signal)>,
    turn: u64,
}

impl Shown {
    /// A notice is about to be shown. Answers where it is now, to be replaced there; `Err` if the server has not answered the former question.
    pub fn begin(&mut self, notice: &NoticeId, level: Level) -> Result<Option<Place>, ()> {
        self.turn += 1;
        let turn = self.turn;
        let card = self.cards.entry(*notice).or_insert(Card {
            place: None,
            level,
            turn,
            flying: false,
            withdrawn: false,
            acked: false,
        });
        if card.flying {
            // wanted again
            card.withdrawn = false;
            return Err(());
        }
        card.flying = true;
        card.withdrawn = false;
        card.acked = false;
        card.level = level;
        card.turn = turn;
        Ok(card.place.clone())
    }

    /// The server has taken it.
    pub fn arrived(&mut self, notice: &NoticeId, place: Place) -> Arrived {
        let mut out = Arrived::default();
        let Some(card) = self.cards.get_mut(notice) else {
            out.close.push(place);
            return out;
        };
        card.flying = false;
        if card.withdrawn {
            self.remove(notice);
            out.close.push(place);
            return out;
        }
        if let Some(old) = card
            .place
            .replace(place.clone())
            .filter(|old| *old != place)
        {
            self.at.remove(&old);
            out.close.push(old);
        }
        self.at.insert(place.clone(), *notice);
        let (mine, others): (Vec<_>, Vec<_>) = self.early.drain(..).partition(|(p, _)| *p == place);
        self.early = others.into();
        for (place, signal) in mine {
            out.events.extend(self.signal(place, signal));
        }
        out.close.extend(self.thin_out());
        self.settle();
        out
    }

    /// The server has not taken it.
    pub fn failed(&mut self, notice: &NoticeId) {
        if let Some(card) = self.cards.get_mut(notice) {
            card.flying = false;
            if card.place.is_none() {
                self.cards.remove(notice);
            }
        }
        self.settle();
    }

    /// No longer wanted. Answers where it is to be closed.
    pub fn withdraw(&mut self, notice: &NoticeId) -> Option<Place> {
        let card = self.cards.get_mut(notice)?;
        if card.flying {
            card.withdrawn = true;
            return None;
        }
        self.remove(notice)
    }

    /// A server says something about one of its pop-ups.
    pub fn signal(&mut self, place: Place, signal: Signal) -> Option<PopupEvent> {
        let Some(notice) = self.at.get(&place).cloned() else {
            // the answer that tells this id may be on its way to another task
            if self.cards.values().any(|c| c.flying) {
                if self.early.len() == EARLY {
                    self.early.pop_front();
                }
                self.early.push_back((place, signal));
            }
            return None;
        };
        let action = match signal {
            Signal::Action(key) => {
                let card = self.cards.get_mut(&notice)?;
                match key.as_str() {
                    "ack" if card.acked => return None,
                    "ack" => {
                        card.acked = true;
                        PopupAction::Ack
                    }
                    // "default" is a click on the pop-up itself
                    "view" | "default" => PopupAction::View,
                    _ => return None,
                }
            }
            Signal::Closed(reason) => {
                self.unplace(&notice);
                match reason {
                    1 => PopupAction::Closed(Gone::Expired),
                    2 => PopupAction::Closed(Gone::Dismissed),
                    // closed by a call: only we call, and then the pop-up is known no more; or it was replaced
                    3 => return None,
                    _ => PopupAction::Closed(Gone::Unknown),
                }
            }
        };
        Some(PopupEvent { notice, action })
    }

    /// A server has ended; its pop-ups are gone.
    pub fn ended(&mut self, server: Option<&str>) -> Vec<PopupEvent> {
        let gone: Vec<NoticeId> = self
            .at
            .iter()
            .filter(|(place, _)| server.is_none_or(|s| place.server == s))
            .map(|(_, notice)| *notice)
            .collect();
        for notice in &gone {
            self.unplace(notice);
        }
        self.early
            .retain(|(place, _)| server.is_some_and(|s| place.server != s));
        gone.into_iter()
            .map(|notice| PopupEvent {
                notice,
                action: PopupAction::Closed(Gone::ServerEnded),
            })
            .collect()
    }

    /// How many are up.
    #[cfg(test)]
    pub fn up(&self) -> usize {
        self.at.len()
    }

    /// It is no longer where it was; a question under way keeps its card.
    fn unplace(&mut self, notice: &NoticeId) {
        let Some(card) = self.cards.get_mut(notice) else {
            return;
        };
        if let Some(place) = card.place.take() {
            self.at.remove(&place);
        }
        if !card.flying {
            self.cards.remove(notice);
        }
    }

    fn remove(&mut self, notice: &NoticeId) -> Option<Place> {
        let place = self.cards.remove(notice)?.place?;
        self.at.remove(&place);
        Some(place)
    }

    fn settle(&mut self) {
        if self.cards.values().all(|c| !c.flying) {
            self.early.clear();
        }
    }

    /// A P0 is never taken down to make room.
    fn thin_out(&mut self) -> Vec<Place> {
        let mut out = Vec::new();
        while self.at.len() > MOST {
            let least = self
                .cards
                .iter()
                .filter(|(_, c)| c.level != Level::P0 && c.place.is_some() && !c.flying)
                .max_by_key(|(_, c)| (c.level, std::cmp::Reverse(c.turn)))
                .map(|(notice, _)| *notice);
            match least.and_then(|notice| self.remove(&notice)) {
                Some(place) => out.push(place),
                None => break,
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(i: u32) -> NoticeId {
        NoticeId(i.into())
    }

    fn p(server: &str, id: u32) -> Place {
        Place {
            server: server.to_owned(),
            id,
        }
    }

    fn up(shown: &mut Shown, i: u32, level: Level, place: Place) -> Arrived {
        shown.begin(&n(i), level).expect("not under way");
        shown.arrived(&n(i), place)
    }

    fn ack() -> Signal {
        Signal::Action("ack".into())
    }

    #[test]
    fn a_button_is_heard_once_and_from_its_server_only() {
        let mut s = Shown::default();
        up(&mut s, 1, Level::P1, p(":1.5", 7));
        assert_eq!(s.signal(p(":1.9", 7), ack()), None, "another program");
        let event = s.signal(p(":1.5", 7), ack()).expect("heard");
        assert_eq!((event.notice, event.action), (n(1), PopupAction::Ack));
        assert_eq!(s.signal(p(":1.5", 7), ack()), None);
        let event = s.signal(p(":1.5", 7), Signal::Closed(2)).expect("heard");
        assert_eq!(event.action, PopupAction::Closed(Gone::Dismissed));
        assert_eq!(s.up(), 0);
    }

    #[test]
    fn a_server_started_again_counts_anew() {
        let mut s = Shown::default();
        up(&mut s, 1, Level::P0, p(":1.5", 1));
        let gone = s.ended(Some(":1.5"));
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].action, PopupAction::Closed(Gone::ServerEnded));
        up(&mut s, 2, Level::P0, p(":1.8", 1));
        assert_eq!(s.signal(p(":1.8", 1), ack()).expect("heard").notice, n(2));
        assert_eq!(s.withdraw(&n(1)), None);
    }

    #[test]
    fn a_click_before_the_answer_is_kept() {
        let mut s = Shown::default();
        assert_eq!(s.begin(&n(1), Level::P0), Ok(None));
        assert_eq!(s.signal(p(":1.5", 1), ack()), None);
        let arrived = s.arrived(&n(1), p(":1.5", 1));
        assert_eq!(arrived.events[0].action, PopupAction::Ack);
        assert_eq!(arrived.events.len(), 1);
    }

    #[test]
    fn taken_back_while_under_way_is_closed_on_arrival() {
        let mut s = Shown::default();
        assert_eq!(s.begin(&n(1), Level::P0), Ok(None));
        assert_eq!(s.withdraw(&n(1)), None);
        assert_eq!(s.arrived(&n(1), p(":1.5", 3)).close, [p(":1.5", 3)]);
        assert_eq!(s.up(), 0);
    }

    #[test]
    fn a_slow_server_is_not_asked_twice() {
        let mut s = Shown::default();
        assert_eq!(s.begin(&n(1), Level::P0), Ok(None));
        assert_eq!(s.begin(&n(1), Level::P0), Err(()));
        assert!(s.arrived(&n(1), p(":1.5", 3)).close.is_empty());
        assert_eq!(s.begin(&n(1), Level::P0), Ok(Some(p(":1.5", 3))));
        s.failed(&n(1));
        assert_eq!(
            s.withdraw(&n(1)),
            Some(p(":1.5", 3)),
            "the former one is still up"
        );
    }

    #[test]
    fn room_is_made_by_the_least_urgent_and_oldest() {
        let mut s = Shown::default();
        for i in 0..60 {
            let level = if i < 50 { Level::P0 } else { Level::P2 };
            assert!(up(&mut s, i, level, p(":1.5", i)).close.is_empty());
        }
        assert_eq!(
            up(&mut s, 60, Level::P3, p(":1.5", 60)).close,
            [p(":1.5", 60)]
        );
        assert_eq!(
            up(&mut s, 61, Level::P1, p(":1.5", 61)).close,
            [p(":1.5", 50)]
        );
        for i in 100..200 {
            up(&mut s, i, Level::P0, p(":1.5", i));
        }
        assert_eq!(s.up(), 150, "no P0 is ever taken down");
    }
}
