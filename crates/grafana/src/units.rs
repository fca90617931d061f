//! Units by their ids in dashboards (the list of `getValueFormat` in Grafana's documentation) and ours.

use model::board::Unit;

/// Our unit, and the factor by which values are multiplied to be in it.
pub(crate) fn from_dashboard(id: &str) -> Option<(Unit, f64)> {
    let same = |unit| Some((unit, 1.0));
    const KIB: f64 = 1024.0;
    match id {
        "" | "short" | "none" | "locale" | "sishort" | "string" | "count" => same(Unit::Count),
        "percent" => same(Unit::Percent),
        "percentunit" => same(Unit::Ratio),
        "s" | "clocks" | "dtdurations" => same(Unit::Seconds),
        "ms" | "dtdurationms" | "clockms" => same(Unit::Milliseconds),
        "µs" | "us" => Some((Unit::Seconds, 1e-6)),
        "ns" => Some((Unit::Seconds, 1e-9)),
        "m" => Some((Unit::Seconds, 60.0)),
        "h" => Some((Unit::Seconds, 3_600.0)),
        "d" => Some((Unit::Seconds, 86_400.0)),
        "bytes" | "decbytes" => same(Unit::Bytes),
        "kbytes" => Some((Unit::Bytes, KIB)),
        "mbytes" => Some((Unit::Bytes, KIB * KIB)),
        "gbytes" => Some((Unit::Bytes, KIB * KIB * KIB)),
        "deckbytes" => Some((Unit::Bytes, 1e3)),
        "decmbytes" => Some((Unit::Bytes, 1e6)),
        "decgbytes" => Some((Unit::Bytes, 1e9)),
        "Bps" | "binBps" => same(Unit::BytesPerSecond),
        "KBs" => Some((Unit::BytesPerSecond, 1e3)),
        "MBs" => Some((Unit::BytesPerSecond, 1e6)),
        "GBs" => Some((Unit::BytesPerSecond, 1e9)),
        "KiBs" => Some((Unit::BytesPerSecond, KIB)),
        "MiBs" => Some((Unit::BytesPerSecond, KIB * KIB)),
        "bps" | "binbps" => same(Unit::BitsPerSecond),
        "Kbits" => Some((Unit::BitsPerSecond, 1e3)),
        "Mbits" => Some((Unit::BitsPerSecond, 1e6)),
        "Gbits" => Some((Unit::BitsPerSecond, 1e9)),
        "ops" | "reqps" | "rps" | "wps" | "iops" | "cps" | "eps" | "mps" | "recps" | "rowsps"
        | "pps" | "hertz" => same(Unit::PerSecond),
        "opm" | "reqpm" | "rpm" | "wpm" | "cpm" | "epm" | "mpm" | "recpm" | "rowspm" => {
            same(Unit::PerMinute)
        }
        "currencyCNY" | "currencyRMB" => same(Unit::Yuan),
        YUAN_PER_MINUTE => same(Unit::YuanPerMinute),
        "celsius" => same(Unit::Celsius),
        SCORE => same(Unit::Score),
        "bool_on_off" => same(Unit::UpDown),
        _ => None,
    }
}

/// A custom unit: Grafana writes what follows `suffix:` behind the number.
const YUAN_PER_MINUTE: &str = "suffix:元/min";
const SCORE: &str = "suffix:/5";

/// The id in a dashboard.
pub(crate) fn to_dashboard(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "short",
        Unit::Percent => "percent",
        Unit::Ratio => "percentunit",
        Unit::Seconds => "s",
        Unit::Milliseconds => "ms",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "binBps",
        Unit::BitsPerSecond => "bps",
        Unit::PerSecond => "ops",
        Unit::PerMinute => "opm",
        Unit::Yuan => "currencyCNY",
        Unit::YuanPerMinute => YUAN_PER_MINUTE,
        Unit::Celsius => "celsius",
        Unit::Score => SCORE,
        Unit::UpDown => "bool_on_off",
    }
}

/// `expr` with its values in our unit.
pub(crate) fn scaled(expr: &str, factor: f64) -> String {
    if factor == 1.0 {
        expr.to_owned()
    } else if factor > 1.0 {
        format!("({expr}) * {factor}")
    } else {
        // Micro and nano: the reciprocal is whole up to rounding, and is written as such.
        format!("({expr}) / {}", (1.0 / factor).round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_ours_comes_back() {
        for unit in [
            Unit::Count,
            Unit::Percent,
            Unit::Ratio,
            Unit::Seconds,
            Unit::Milliseconds,
            Unit::Bytes,
            Unit::BytesPerSecond,
            Unit::BitsPerSecond,
            Unit::PerSecond,
            Unit::PerMinute,
            Unit::Yuan,
            Unit::YuanPerMinute,
            Unit::Celsius,
            Unit::Score,
            Unit::UpDown,
        ] {
            assert_eq!(from_dashboard(to_dashboard(unit)), Some((unit, 1.0)));
        }
        assert_eq!(from_dashboard("hex"), None);
    }

    #[test]
    fn other_sizes_are_computed() {
        assert_eq!(scaled("x", 1.0), "x");
        assert_eq!(scaled("x", 1024.0), "(x) * 1024");
        assert_eq!(scaled("x", 1e-9), "(x) / 1000000000");
    }
}
