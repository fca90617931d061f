//! Repeatable noise: a function of seed, key and time, so that nothing has to be remembered and any moment can be asked for.

/// A well mixed hash of three numbers (the finaliser of SplitMix64, applied in turn).
pub(crate) fn hash(seed: u64, key: u64, n: u64) -> u64 {
    let mut x = seed ^ key.rotate_left(29) ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
    }
    x
}

/// From a hash, uniformly in 0..1.
pub(crate) fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// Smooth noise in -1..1 that changes over `period_s` seconds (value noise with a cubic ease).
pub(crate) fn smooth(seed: u64, key: u64, t_ms: i64, period_s: f64) -> f64 {
    let x = t_ms as f64 / (period_s * 1000.0);
    let cell = x.floor();
    let f = x - cell;
    // negative cells wrap, which is as good a key as any
    let n = cell as i64 as u64;
    let a = unit(hash(seed, key, n));
    let b = unit(hash(seed, key, n.wrapping_add(1)));
    let ease = f * f * (3.0 - 2.0 * f);
    2.0 * (a + (b - a) * ease) - 1.0
}

/// A key from words (FNV-1a), so that noise does not depend on the order in which series are made.
pub(crate) fn key(words: &[&str]) -> u64 {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for word in words {
        for b in word.bytes().chain([0xff]) {
            h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_repeats_is_bounded_and_continuous() {
        for i in 0..2000 {
            let t = i * 100 - 50_000;
            let v = smooth(7, 3, t, 30.0);
            assert!((-1.0..=1.0).contains(&v));
            assert_eq!(v.to_bits(), smooth(7, 3, t, 30.0).to_bits());
            assert!((v - smooth(7, 3, t + 10, 30.0)).abs() < 0.01);
        }
        assert_ne!(smooth(7, 3, 15_000, 30.0), smooth(8, 3, 15_000, 30.0));
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }
}
