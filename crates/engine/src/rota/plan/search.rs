//! Giving the shifts out, and making the result fairer.

use super::board::{Board, Fit};
use std::cmp::Ordering;

/// Tries for each shift when making a plan fairer.
const TRIES: usize = 600;

/// Steele, Lea and Flood's SplitMix64 (2014): fixed by its definition, so that a seed gives the same plan in every version of the program, which
/// the generators of a library do not promise.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`; 0 for none.
    fn below(&mut self, n: usize) -> usize {
        self.next().checked_rem(n as u64).unwrap_or(0) as usize
    }
}

/// Gives every shift to somebody, the hardest first: within the rules if anybody can, else by the least bad of those who can at all.
pub(super) fn fill(board: &mut Board<'_>, seed: u64) {
    let mut random = Random(seed);
    let mut order: Vec<(usize, u64)> = (0..board.jobs.len()).map(|j| (j, random.next())).collect();
    let hardness = |j: usize| board.jobs.get(j).map_or((false, 0.0), |j| j.hardness());
    order.sort_by(|(a, ra), (b, rb)| {
        let (one, other) = (hardness(*a), hardness(*b));
        other
            .0
            .cmp(&one.0)
            .then(other.1.total_cmp(&one.1))
            .then(ra.cmp(rb))
    });
    for (job, _) in order {
        let mut best: Option<(Fit, f64, u64, usize)> = None;
        for person in board.pool(job).to_vec() {
            let fit = board.fit(job, person);
            if fit == Fit::Never {
                continue;
            }
            let new = (fit, board.score(person), random.next(), person);
            if best.is_none_or(|b| better(&new, &b)) {
                best = Some(new);
            }
        }
        if let Some((_, _, _, person)) = best {
            board.give(job, person);
        }
    }
}

fn better(one: &(Fit, f64, u64, usize), other: &(Fit, f64, u64, usize)) -> bool {
    let order = one.0.cmp(&other.0).then(one.1.total_cmp(&other.1));
    order.then(one.2.cmp(&other.2)) == Ordering::Less
}

/// Moves shifts to others and exchanges them as long as that is fairer (or heals a rule) and breaks no rule that held.
pub(super) fn improve(board: &mut Board<'_>, seed: u64) {
    let mut random = Random(!seed);
    let count = board.jobs.len();
    for _ in 0..count * TRIES {
        let job = random.below(count);
        if random.below(2) == 0 {
            let pool = board.pool(job);
            let Some(person) = pool.get(random.below(pool.len())).copied() else {
                continue;
            };
            move_to(board, job, person);
        } else {
            exchange(board, job, random.below(count));
        }
    }
}

fn move_to(board: &mut Board<'_>, job: usize, person: usize) {
    let Some(former) = board.holder.get(job).copied().flatten() else {
        if board.fit(job, person) != Fit::Never {
            board.give(job, person);
        }
        return;
    };
    if former == person {
        return;
    }
    let cost = board.cost(former) + board.cost(person);
    board.take(job);
    let (was, new) = (board.fit(job, former), board.fit(job, person));
    if new != Fit::Never {
        board.give(job, person);
        let now = board.cost(former) + board.cost(person);
        if new < was || (new == was && now < cost - 1e-9) {
            return;
        }
        board.take(job);
    }
    board.give(job, former);
}

fn exchange(board: &mut Board<'_>, one: usize, other: usize) {
    let holder = |board: &Board<'_>, j: usize| board.holder.get(j).copied().flatten();
    let (Some(a), Some(b)) = (holder(board, one), holder(board, other)) else {
        return;
    };
    if a == b || !board.pool(one).contains(&b) || !board.pool(other).contains(&a) {
        return;
    }
    let cost = board.cost(a) + board.cost(b);
    board.take(one);
    board.take(other);
    let was = board.fit(one, a).max(board.fit(other, b));
    // Nobody is given what cannot be: a person's shifts never overlap, not even for a moment.
    let first = board.fit(one, b);
    if first != Fit::Never {
        board.give(one, b);
        let second = board.fit(other, a);
        if second != Fit::Never {
            board.give(other, a);
            let new = first.max(second);
            let now = board.cost(a) + board.cost(b);
            if new < was || (new == was && now < cost - 1e-9) {
                return;
            }
            board.take(other);
        }
        board.take(one);
    }
    board.give(one, a);
    board.give(other, b);
}
