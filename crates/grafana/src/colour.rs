//! What a colour of a limit means: a dashboard knows colours where a board knows severities.

/// How bad a colour is meant, from its hue: red is worse than orange and yellow, and purple and dark red are worse than red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    Good,
    Mild,
    Orange,
    Bad,
    Worst,
}

/// What `colour` (a name such as `semi-dark-red`, `#rrggbb`, `rgb(…)`, `rgba(…)`) means. What is no colour means nothing bad.
pub(crate) fn meaning(colour: &str) -> Meaning {
    let colour = colour.trim().to_ascii_lowercase();
    match channels(&colour) {
        Some(rgb) => by_hue(rgb),
        None => by_name(&colour),
    }
}

fn by_name(name: &str) -> Meaning {
    match name.rsplit('-').next().unwrap_or_default() {
        "yellow" => Meaning::Mild,
        "orange" => Meaning::Orange,
        "red" if name == "dark-red" => Meaning::Worst,
        "red" => Meaning::Bad,
        "purple" => Meaning::Worst,
        _ => Meaning::Good,
    }
}

fn channels(colour: &str) -> Option<[f64; 3]> {
    if let Some(hex) = colour.strip_prefix('#') {
        let digits: Vec<f64> = hex
            .chars()
            .map(|c| c.to_digit(16).map(f64::from))
            .collect::<Option<_>>()?;
        return match digits.as_slice() {
            [r, g, b] => Some([r * 17.0, g * 17.0, b * 17.0]),
            [r, r2, g, g2, b, b2, ..] => Some([r * 16.0 + r2, g * 16.0 + g2, b * 16.0 + b2]),
            _ => None,
        };
    }
    let inside = colour
        .strip_prefix("rgba(")
        .or(colour.strip_prefix("rgb("))?;
    let parts: Vec<f64> = inside
        .trim_end_matches(')')
        .split(',')
        .map_while(|p| p.trim().parse().ok())
        .collect();
    match parts.as_slice() {
        [r, g, b, ..] => Some([*r, *g, *b]),
        _ => None,
    }
}

/// Hue in degrees of the colour wheel; greys mean nothing.
fn by_hue([r, g, b]: [f64; 3]) -> Meaning {
    let (max, min) = (r.max(g).max(b), r.min(g).min(b));
    let spread = max - min;
    if spread.is_nan() || spread < 30.0 {
        return Meaning::Good;
    }
    let hue = if max == r {
        60.0 * ((g - b) / spread).rem_euclid(6.0)
    } else if max == g {
        60.0 * ((b - r) / spread + 2.0)
    } else {
        60.0 * ((r - g) / spread + 4.0)
    };
    match hue {
        h if !(20.0..340.0).contains(&h) => Meaning::Bad,
        h if h < 42.0 => Meaning::Orange,
        h if h < 70.0 => Meaning::Mild,
        h if h < 270.0 => Meaning::Good,
        _ => Meaning::Worst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_mean_what_people_take_them_for() {
        for (colour, expected) in [
            ("green", Meaning::Good),
            ("semi-dark-red", Meaning::Bad),
            ("dark-red", Meaning::Worst),
            ("light-yellow", Meaning::Mild),
            ("#EAB839", Meaning::Mild),
            ("#d44a3a", Meaning::Bad),
            ("#299c46", Meaning::Good),
            ("rgba(237, 129, 40, 0.89)", Meaning::Orange),
            ("rgba(245, 54, 54, 0.9)", Meaning::Bad),
            ("rgba(50, 172, 45, 0.97)", Meaning::Good),
            ("purple", Meaning::Worst),
            ("#808080", Meaning::Good),
            ("transparent", Meaning::Good),
            ("#zz", Meaning::Good),
            ("rgb(1)", Meaning::Good),
        ] {
            assert_eq!(meaning(colour), expected, "{colour}");
        }
    }
}
