//! Which process draws which page. The system does not say; but a page's process begins when the page does.

/// A page that a process draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The window's label.
    pub label: String,
    /// In which order pages (or their processes, after one died) were begun.
    pub begun: u64,
    /// Its process, once it is known.
    pub pid: Option<u32>,
}

/// Gives every page without a living process the oldest process that no page has, in the order in which both began. `living`: process ids
/// of pages' processes with the order of their start, in any unit.
pub fn assign(pages: &mut [Page], living: &[(u32, u64)]) {
    for page in pages.iter_mut() {
        if page
            .pid
            .is_some_and(|pid| living.iter().all(|(p, _)| *p != pid))
        {
            page.pid = None;
        }
    }
    let taken: Vec<u32> = pages.iter().filter_map(|p| p.pid).collect();
    let mut free: Vec<&(u32, u64)> = living.iter().filter(|(p, _)| !taken.contains(p)).collect();
    free.sort_by_key(|(pid, started)| (*started, *pid));
    let mut waiting: Vec<&mut Page> = pages.iter_mut().filter(|p| p.pid.is_none()).collect();
    waiting.sort_by_key(|p| p.begun);
    for (page, (pid, _)) in waiting.into_iter().zip(free) {
        page.pid = Some(*pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(label: &str, begun: u64) -> Page {
        Page {
            label: label.into(),
            begun,
            pid: None,
        }
    }

    #[test]
    fn processes_follow_the_order_of_their_pages_and_a_new_one_replaces_the_dead() {
        let mut pages = [page("desk", 2), page("wall", 1)];
        assign(&mut pages, &[(900, 20), (400, 30)]);
        let pids = |pages: &[Page]| pages.iter().map(|p| p.pid).collect::<Vec<_>>();
        assert_eq!(pids(&pages), [Some(400), Some(900)]);
        // the wall's died; its page was begun again
        pages[1].begun = 3;
        assign(&mut pages, &[(400, 30)]);
        assert_eq!(pids(&pages), [Some(400), None]);
        assign(&mut pages, &[(400, 30), (77, 41)]);
        assert_eq!(pids(&pages), [Some(400), Some(77)]);
    }
}
