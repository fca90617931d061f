//! A swap's life: asked for, answered by the other side only, or taken back.

use super::Refusal;
use super::check;
use super::draft::Draft;
use model::duty::Actor;
use model::rota::{Swap, SwapId, SwapState};

type Done = Result<(), Refusal>;

/// Somebody asks: the person who gives, or a manager (who has that role in the list of people) in that person's name.
pub fn request(draft: &mut Draft<'_>, swap: Swap) -> Done {
    check::room("swaps", draft.book.swaps.len(), check::DECISIONS)?;
    check::written("why", &swap.why, check::REASON)?;
    fits(draft, &swap)?;
    let asks = &swap.give.person;
    let manager = draft
        .book
        .members
        .get(&draft.by.id)
        .is_some_and(|m| m.roles.contains(&model::rota::Role::Manager));
    if draft.by.id != *asks && !manager {
        return Err(Refusal::NotYours { who: asks.clone() });
    }
    let id = SwapId(draft.number());
    let swap = Swap {
        id,
        by: draft.by.clone(),
        at: draft.now,
        state: SwapState::Requested,
        decided_by: None,
        decided_at: None,
        answer: String::new(),
        ..swap
    };
    draft.set_swap(&id, Some(swap));
    Ok(())
}

/// Whether both slots are as the swap says, now, and have not begun.
fn fits(draft: &Draft<'_>, swap: &Swap) -> Done {
    let book = &draft.book;
    check::known(book, &swap.with)?;
    if swap.with == swap.give.person {
        return Err(Refusal::BadSwap);
    }
    if swap.begins() <= draft.now {
        return Err(Refusal::AlreadyBegun { at: swap.begins() });
    }
    check::holds(book, &swap.give)?;
    check::free(book, &swap.give, &swap.with)?;
    if let Some(take) = &swap.take {
        if take.person != swap.with {
            return Err(Refusal::BadSwap);
        }
        check::holds(book, take)?;
        check::free(book, take, &swap.give.person)?;
    }
    Ok(())
}

fn waiting(draft: &Draft<'_>, id: SwapId) -> Result<Swap, Refusal> {
    let swap = draft.book.swaps.get(&id).ok_or(Refusal::Unknown {
        what: "swap",
        id: id.0,
    })?;
    if swap.state != SwapState::Requested {
        return Err(Refusal::SwapDecided {
            swap: id,
            state: swap.state,
        });
    }
    Ok(Swap::clone(swap))
}

fn only(by: &Actor, who: &str) -> Done {
    if by.id == who {
        return Ok(());
    }
    Err(Refusal::NotYours {
        who: who.to_string(),
    })
}

fn decided(draft: &Draft<'_>, swap: Swap, state: SwapState, answer: String) -> Swap {
    Swap {
        state,
        decided_by: Some(draft.by.clone()),
        decided_at: Some(draft.now),
        answer,
        ..swap
    }
}

/// The other side agrees. Both slots must still be what they were when it was asked.
pub fn accept(draft: &mut Draft<'_>, id: SwapId, answer: String) -> Done {
    let swap = waiting(draft, id)?;
    only(draft.by, &swap.with)?;
    check::written("answer", &answer, check::REASON)?;
    fits(draft, &swap)?;
    let swap = decided(draft, swap, SwapState::Accepted, answer);
    draft.set_swap(&id, Some(swap));
    Ok(())
}

/// The other side does not agree.
pub fn decline(draft: &mut Draft<'_>, id: SwapId, answer: String) -> Done {
    let swap = waiting(draft, id)?;
    only(draft.by, &swap.with)?;
    check::written("answer", &answer, check::REASON)?;
    let swap = decided(draft, swap, SwapState::Declined, answer);
    draft.set_swap(&id, Some(swap));
    Ok(())
}

/// Whoever asked takes it back, or the person in whose name it was asked.
pub fn withdraw(draft: &mut Draft<'_>, id: SwapId) -> Done {
    let swap = waiting(draft, id)?;
    if draft.by.id != swap.by.id {
        only(draft.by, &swap.give.person)?;
    }
    let swap = decided(draft, swap, SwapState::Withdrawn, String::new());
    draft.set_swap(&id, Some(swap));
    Ok(())
}
