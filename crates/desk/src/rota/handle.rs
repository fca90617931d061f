//! What can be asked of the rota's desk, and how to send it.

use model::duty::Via;
use tokio::sync::{mpsc, oneshot};
use wire::{
    ContactView, ErrorCode, ErrorView, ExportAsk, ExportView, ImportAsk, ImportView, NotesPage,
    NotesQuery, OnDutyView, PlanAsk, PlanView, RotaChangeView, RotaEdit, RotaPage, RotaPreview,
    RotaQuery,
};

/// Messages that wait for the loop; whoever sends more waits.
const QUEUE: usize = 128;

/// Who waits for an answer.
pub type Answer<T> = oneshot::Sender<Result<T, ErrorView>>;

/// A question, or something a person does.
#[derive(Debug)]
pub enum RotaAsk {
    /// Everything the page shows; `None` while nothing is different.
    Page(RotaQuery, Answer<Option<RotaPage>>),
    /// What an edit would do.
    Preview(Box<RotaEdit>, RotaQuery, Answer<RotaPreview>),
    /// An edit; answered when it is on the disk.
    Edit(Box<RotaEdit>, Via, Answer<()>),
    /// A plan.
    Plan(PlanAsk, Answer<PlanView>),
    /// The change log: of a rota, only older than a change.
    Log(Option<String>, Option<i64>, Answer<Vec<RotaChangeView>>),
    /// The duty record.
    Notes(NotesQuery, Answer<NotesPage>),
    /// A person's contacts in full.
    Contact(String, Answer<ContactView>),
    /// A file to take in.
    Import(ImportAsk, Via, Answer<ImportView>),
    /// A file to write.
    Export(ExportAsk, Answer<ExportView>),
    /// Who is on duty at a time (ms; `None`: now), on one rota or on all.
    OnDuty(Option<i64>, Option<String>, Answer<Vec<OnDutyView>>),
    /// The text of a calendar file.
    Calendar(ExportAsk, Answer<String>),
}

/// To send to the loop.
#[derive(Clone, Debug)]
pub struct RotaHandle {
    tx: mpsc::Sender<RotaAsk>,
}

fn gone() -> ErrorView {
    ErrorView::new(ErrorCode::Internal).with("detail", "the rota's desk has ended")
}

impl RotaHandle {
    /// A handle, and what the loop reads from.
    pub fn channel() -> (Self, mpsc::Receiver<RotaAsk>) {
        let (tx, rx) = mpsc::channel(QUEUE);
        (Self { tx }, rx)
    }

    /// Asks, and waits for the answer: `handle.ask(|reply| RotaAsk::Plan(ask, reply))`.
    ///
    /// # Errors
    /// When it is refused, or the desk has ended.
    pub async fn ask<T>(
        &self,
        make: impl FnOnce(Answer<T>) -> RotaAsk + Send,
    ) -> Result<T, ErrorView> {
        let (reply, answer) = oneshot::channel();
        self.tx.send(make(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}
