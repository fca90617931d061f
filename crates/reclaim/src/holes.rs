//! What is free in glibc's heaps.

/// glibc gives back by itself what is free at the end of a heap; this is for what is free between two pieces in use (malloc_trim(3)): in a
/// desk that wrote 5,000 lines a second 13 of 53 MB.
#[cfg(target_env = "gnu")]
#[expect(
    unsafe_code,
    reason = "a function of the allocator that may be called at any time"
)]
pub(crate) fn give_back() {
    unsafe { libc::malloc_trim(0) };
}

/// Another allocator has no such function.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back() {}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_between_pieces_in_use_is_given_back() {
        const PIECE: usize = 16 << 10;
        // Bytes that this process holds and no file does (proc(5), statm).
        let held = || -> usize {
            let text = std::fs::read_to_string("/proc/self/statm").expect("statm");
            let pages: Vec<usize> = text
                .split_ascii_whitespace()
                .map(|n| n.parse().expect("a number"))
                .collect();
            (pages[1] - pages[2]) * rustix::param::page_size()
        };
        #[expect(unsafe_code, reason = "pieces of glibc's own heap")]
        let get = || unsafe {
            let piece = libc::malloc(PIECE);
            assert!(!piece.is_null());
            libc::memset(piece, 1, PIECE);
            piece
        };
        let pieces: Vec<_> = (0..4_000).map(|_| get()).collect();
        for (i, piece) in pieces.iter().enumerate() {
            if i % 100 != 99 {
                #[expect(unsafe_code, reason = "each is freed once")]
                unsafe {
                    libc::free(*piece);
                }
            }
        }
        let before = held();
        give_back();
        let after = held();
        assert!(after + 3_000 * PIECE < before, "{before} and {after}");
    }
}
