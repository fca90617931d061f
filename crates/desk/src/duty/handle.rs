//! What can be asked of the alert desk, and how to send it.

use super::commit::Reply;
use crate::core::Look;
use crate::rota::RotaNews;
use engine::duty::{Event, Extent};
use model::Observation;
use model::duty::{AlertId, Via};
use model::rota::Pack;
use notify::ChannelHealth;
use notify::popup::PopupEvent;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use wire::{
    AlertAct, AlertBand, AlertChart, AlertDetail, AlertPage, AlertQuery, ErrorCode, ErrorView,
    FiguresView, HistoryPage, HistoryQuery, MatcherView, MuteView, PreviewView,
};

/// Messages that wait for the loop; whoever sends more waits.
const QUEUE: usize = 512;
/// A page that waits for a change hears after this time that there was none.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// An answer that may be an error.
pub type Answer<T> = oneshot::Sender<Result<T, ErrorView>>;

/// A question, or something a person does.
#[derive(Debug)]
pub enum Ask {
    /// A part of the list.
    List(Box<AlertQuery>, oneshot::Sender<AlertPage>),
    /// Everything about an episode, also one of the past.
    Detail(AlertId, Answer<AlertDetail>),
    /// The metric around an episode's firing.
    Chart(AlertId, Answer<AlertChart>),
    /// Something done; answered when it is on the disk.
    Act(Box<AlertAct>, Via, Reply),
    /// What a silence would hold.
    Preview(Vec<MatcherView>, Answer<PreviewView>),
    /// Silences and maintenance windows.
    Mutes(oneshot::Sender<Vec<MuteView>>),
    /// The past.
    History(Box<HistoryQuery>, Answer<HistoryPage>),
    /// MTTA, MTTR, limits kept, for so many weeks.
    Figures(u32, Answer<FiguresView>),
    /// What the next shift must know: since when, until when (ms).
    Pack(i64, i64, Answer<Pack>),
}

/// How a source of alerts fares.
#[derive(Clone, Debug)]
pub struct SourceNews {
    /// Its name.
    pub name: String,
    /// Why it cannot be asked; `None`: it answered.
    pub error: Option<ErrorView>,
    /// Alerts that it reports.
    pub alerts: u32,
}

/// Everything that reaches the loop.
#[derive(Debug)]
pub enum Message {
    /// For the engine.
    Event(Event),
    /// For the engine, and told when it has taken it in.
    Observed(Event, oneshot::Sender<()>),
    /// Somebody asks or acts.
    Ask(Ask),
    /// A batch that a sender waits for: answered once it is kept.
    Batch {
        /// From where.
        source: String,
        /// What it says.
        alerts: Vec<Observation>,
        /// Who waits.
        reply: Reply,
    },
    /// A source has answered, or not.
    Source(SourceNews),
    /// Who is on duty has changed.
    Rota(Box<RotaNews>),
    /// A channel was looked at.
    Channel(String, ChannelHealth),
    /// Somebody pressed a pop-up's button.
    Popup(PopupEvent),
    /// A window is asked to show this episode.
    Want(AlertId),
    /// The desk is asked to show its page (`logs`, `traces`) with this query or service.
    Place(String, String),
    /// Another language or theme.
    Look(Look),
    /// The transaction under way is over.
    Committed(Result<(), store::StoreError>),
    /// The pause after a failed transaction is over.
    Retry,
}

/// To send to the loop.
#[derive(Clone, Debug)]
pub struct DutyHandle {
    tx: mpsc::Sender<Message>,
    band: watch::Receiver<Arc<AlertBand>>,
    revision: watch::Sender<u64>,
}

fn gone() -> ErrorView {
    ErrorView::new(ErrorCode::Internal).with("detail", "the alert desk has ended")
}

impl DutyHandle {
    /// A handle, what the loop reads from, and where it puts what the wall shows.
    pub fn channel() -> (Self, mpsc::Receiver<Message>, watch::Sender<Arc<AlertBand>>) {
        let (tx, rx) = mpsc::channel(QUEUE);
        let (put, band) = watch::channel(Arc::default());
        let revision = watch::Sender::new(0);
        (Self { tx, band, revision }, rx, put)
    }

    /// Sends a message; waits while the loop is busy.
    pub async fn send(&self, message: Message) {
        // The loop has ended: the program is ending, nobody needs the message.
        let _ = self.tx.send(message).await;
    }

    /// What the wall shows, as it changes.
    pub fn band(&self) -> watch::Receiver<Arc<AlertBand>> {
        self.band.clone()
    }

    /// Tells whoever waits in [`DutyHandle::changed`]; called by the loop.
    pub(super) fn now_at(&self, revision: u64) {
        self.revision
            .send_if_modified(|known| std::mem::replace(known, revision) != revision);
    }

    /// Waits until the list is not the one of this revision any more ([`AlertPage::cursor`]), a few seconds at most; its revision then. Only a
    /// hint to ask: a page that never hears of a change asks all the same.
    pub async fn changed(&self, known: u64) -> u64 {
        let mut now = self.revision.subscribe();
        // In time or not, and when the desk has ended: the revision is what it is.
        let _ = tokio::time::timeout(LONGEST_WAIT, now.wait_for(|r| *r != known)).await;
        *self.revision.borrow()
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, ErrorView> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Ask(make(reply))).await;
        answer.await.map_err(|_| gone())
    }

    /// A part of the list.
    ///
    /// # Errors
    /// When the desk has ended; as everywhere here.
    pub async fn list(&self, query: AlertQuery) -> Result<AlertPage, ErrorView> {
        self.ask(|reply| Ask::List(Box::new(query), reply)).await
    }

    /// Everything about an episode.
    ///
    /// # Errors
    /// When there is no such episode.
    pub async fn detail(&self, id: AlertId) -> Result<AlertDetail, ErrorView> {
        self.ask(|reply| Ask::Detail(id, reply)).await?
    }

    /// The metric around an episode's firing.
    ///
    /// # Errors
    /// When its expression is not known or no source can be asked.
    pub async fn chart(&self, id: AlertId) -> Result<AlertChart, ErrorView> {
        self.ask(|reply| Ask::Chart(id, reply)).await?
    }

    /// Does something; answers once it is on the disk.
    ///
    /// # Errors
    /// When it is refused, or cannot be kept.
    pub async fn act(&self, act: AlertAct, via: Via) -> Result<(), ErrorView> {
        self.ask(|reply| Ask::Act(Box::new(act), via, reply))
            .await?
    }

    /// What a silence would hold.
    ///
    /// # Errors
    /// When the conditions are not allowed.
    pub async fn preview(&self, matchers: Vec<MatcherView>) -> Result<PreviewView, ErrorView> {
        self.ask(|reply| Ask::Preview(matchers, reply)).await?
    }

    /// Silences and maintenance windows.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn mutes(&self) -> Result<Vec<MuteView>, ErrorView> {
        self.ask(Ask::Mutes).await
    }

    /// The past.
    ///
    /// # Errors
    /// When the search cannot be understood or the database cannot be read.
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, ErrorView> {
        self.ask(|reply| Ask::History(Box::new(query), reply))
            .await?
    }

    /// MTTA, MTTR, limits kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn figures(&self, weeks: u32) -> Result<FiguresView, ErrorView> {
        self.ask(|reply| Ask::Figures(weeks, reply)).await?
    }

    /// What the next shift must know of the alerts: `from` is when the old shift began, `until` when the next one ends, ms.
    ///
    /// # Errors
    /// When the desk has ended.
    pub async fn pack(&self, from: i64, until: i64) -> Result<Pack, ErrorView> {
        self.ask(|reply| Ask::Pack(from, until, reply)).await?
    }

    /// Tells what a source has said; goes on when it has been taken in, so that whoever has many pieces leaves room for others.
    pub async fn observed(&self, source: String, extent: Extent, alerts: Vec<Observation>) {
        let event = Event::Observed {
            source,
            extent,
            alerts,
        };
        let (taken, wait) = oneshot::channel();
        self.send(Message::Observed(event, taken)).await;
        // The loop has ended: so will whoever asks.
        let _ = wait.await;
    }

    /// Takes in what a webhook brought; answers once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn take(&self, source: String, alerts: Vec<Observation>) -> Result<(), ErrorView> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Batch {
            source,
            alerts,
            reply,
        })
        .await;
        answer.await.map_err(|_| gone())?
    }

    /// Another language or theme.
    pub async fn look(&self, look: Look) {
        self.send(Message::Look(look)).await;
    }
}
