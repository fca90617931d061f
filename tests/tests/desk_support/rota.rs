//! Edits of a rota through its desk.

use desk::rota::{RotaAsk, RotaHandle};
use model::duty::Via;
use wire::{ErrorView, RotaEdit};

/// Asks for an edit, which may be refused.
pub async fn edit(rota: &RotaHandle, edit: RotaEdit) -> Result<(), ErrorView> {
    rota.ask(|reply| RotaAsk::Edit(Box::new(edit), Via::Desk, reply))
        .await
}

/// An edit that must be taken.
pub async fn done(rota: &RotaHandle, wanted: RotaEdit) {
    let what = format!("{wanted:?}");
    edit(rota, wanted)
        .await
        .unwrap_or_else(|e| panic!("{what}: {e:?}"));
}
