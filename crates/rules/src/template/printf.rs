//! `fmt.Sprintf`, for the verbs that texts use: `%v %s %q %d %c %x %X %o %b %U %e %E %f %F %g %G %t %%` with flags, width and precision.
//! Explicit argument numbers (`%[1]d`), and `%x`/`%b` of floats, are shown as wrong verbs.

use super::format::{fixed, general, quote, scientific};
use super::value::Value;

/// Widest field, and most decimals; Go refuses more than a million, which is more than any text needs.
const MAX_WIDTH: usize = 1000;

#[derive(Default)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

pub(super) fn sprintf(text: &str, args: &[Value<'_>]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut used = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "+-# 0".contains(*c)) {
            match flag {
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = true,
            }
        }
        spec.width = amount(
            &mut chars,
            args,
            &mut used,
            &mut out,
            "WIDTH",
            &mut spec.minus,
        );
        if chars.next_if_eq(&'.').is_some() {
            let mut ignored = false;
            spec.precision = Some(
                amount(&mut chars, args, &mut used, &mut out, "PREC", &mut ignored).unwrap_or(0),
            );
        }
        spec.zero &= !spec.minus;
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match args.get(used) {
                None => out.push_str(&format!("%!{verb}(MISSING)")),
                Some(value) => {
                    used += 1;
                    spec.write(&mut out, verb, value);
                }
            },
        }
    }
    if let Some(extra) = args.get(used..).filter(|e| !e.is_empty()) {
        let extra: Vec<String> = extra
            .iter()
            .map(|v| match v {
                Value::Nil => "<nil>".to_owned(),
                v => format!("{}={}", v.type_name(), v.print()),
            })
            .collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// A width or precision: digits, or `*`.
fn amount(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    args: &[Value<'_>],
    used: &mut usize,
    out: &mut String,
    what: &str,
    minus: &mut bool,
) -> Option<usize> {
    if chars.next_if_eq(&'*').is_some() {
        let arg = args.get(*used);
        *used += 1;
        if let Some(Value::Int(n)) = arg
            && n.unsigned_abs() <= MAX_WIDTH as u64
        {
            *minus |= *n < 0;
            return usize::try_from(n.unsigned_abs()).ok();
        }
        out.push_str(&format!("%!(BAD{what})"));
        return None;
    }
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        number = Some((number.unwrap_or(0) * 10 + digit as usize).min(MAX_WIDTH));
    }
    number
}

impl Spec {
    fn write(&self, out: &mut String, verb: char, value: &Value<'_>) {
        let done = match value {
            Value::Bool(b) => matches!(verb, 'v' | 't').then(|| self.pad(&b.to_string())),
            Value::Int(n) => self.int(verb, *n),
            Value::Float(v) => self.float(verb, *v),
            Value::Text(s) => self.text(verb, s),
            Value::Time(_) => self.text(verb, &value.print()),
            Value::Map(_) | Value::Root(_) => {
                matches!(verb, 'v' | 's').then(|| self.pad(&value.print()))
            }
            Value::Nil => (verb == 'v').then(|| self.pad("<nil>")),
        };
        match (done, value) {
            (Some(text), _) => out.push_str(&text),
            (None, Value::Nil) => out.push_str(&format!("%!{verb}(<nil>)")),
            (None, v) => out.push_str(&format!("%!{verb}({}={})", v.type_name(), v.print())),
        }
    }

    fn pad(&self, text: &str) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.minus {
            format!("{text}{}", " ".repeat(missing))
        } else if self.zero {
            format!("{}{text}", "0".repeat(missing))
        } else {
            format!("{}{text}", " ".repeat(missing))
        }
    }

    /// A number without its sign; zeros go between the two.
    fn signed(&self, negative: bool, digits: &str, zeros: bool) -> String {
        let sign = match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let missing = self
            .width
            .unwrap_or(0)
            .saturating_sub(sign.len() + digits.chars().count());
        if zeros && self.zero {
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        let spaced = Self {
            width: self.width,
            minus: self.minus,
            ..Self::default()
        };
        spaced.pad(&format!("{sign}{digits}"))
    }

    fn int(&self, verb: char, n: i64) -> Option<String> {
        let magnitude = n.unsigned_abs();
        let (prefix, mut digits) = match verb {
            'd' | 'v' => ("", magnitude.to_string()),
            'b' => ("0b", format!("{magnitude:b}")),
            'o' => ("0", format!("{magnitude:o}")),
            'O' => ("0o", format!("{magnitude:o}")),
            'x' => ("0x", format!("{magnitude:x}")),
            'X' => ("0X", format!("{magnitude:X}")),
            'c' | 'q' | 'U' => return Some(self.rune(verb, n)),
            _ => return None,
        };
        if let Some(precision) = self.precision {
            if precision == 0 && n == 0 {
                digits.clear();
            }
            let missing = precision.saturating_sub(digits.len());
            digits.insert_str(0, &"0".repeat(missing));
        }
        if (self.sharp && verb != 'v' && verb != 'd') || verb == 'O' {
            digits.insert_str(0, prefix);
        }
        Some(self.signed(n < 0, &digits, self.precision.is_none()))
    }

    fn rune(&self, verb: char, n: i64) -> String {
        let c = u32::try_from(n)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('\u{fffd}');
        match verb {
            'c' => self.pad(&c.to_string()),
            'U' => self.pad(&format!("U+{:04X}", u32::from(c))),
            _ => {
                let text = quote(&c.to_string());
                let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
                self.pad(&format!("'{}'", if c == '\'' { "\\'" } else { inside }))
            }
        }
    }

    fn float(&self, verb: char, v: f64) -> Option<String> {
        let text = match verb {
            'v' | 'g' | 'G' => general(v, self.precision),
            'e' | 'E' => scientific(v, self.precision.unwrap_or(6)),
            'f' | 'F' => fixed(v, self.precision.unwrap_or(6)),
            _ => return None,
        };
        let text = if verb.is_ascii_uppercase() && v.is_finite() {
            text.to_uppercase()
        } else {
            text
        };
        if v.is_nan() {
            return Some(self.signed(false, "NaN", false));
        }
        if v.is_infinite() {
            let unsigned = text.get(1..).unwrap_or("");
            let plus = Self {
                plus: !self.space,
                width: self.width,
                minus: self.minus,
                space: self.space,
                ..Self::default()
            };
            return Some(plus.signed(v < 0.0, unsigned, false));
        }
        let negative = text.starts_with('-');
        Some(self.signed(negative, text.trim_start_matches('-'), true))
    }

    fn text(&self, verb: char, s: &str) -> Option<String> {
        let cut: String = match self.precision {
            Some(p) => s.chars().take(p).collect(),
            None => s.to_owned(),
        };
        match verb {
            'v' | 's' => Some(self.pad(&cut)),
            'q' if self.sharp && !cut.contains(['`', '\n', '\t', '\u{7f}']) => {
                Some(self.pad(&format!("`{cut}`")))
            }
            'q' => Some(self.pad(&quote(&cut))),
            'x' | 'X' => {
                let bytes = cut.as_bytes();
                let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
                Some(self.pad(&if verb == 'X' { hex.to_uppercase() } else { hex }))
            }
            _ => None,
        }
    }
}
