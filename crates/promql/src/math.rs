//! Functions of one value alone.

use crate::error::PromqlError;
use crate::eval::{Eval, RowSink};
use crate::functions::MathFn;
use crate::plan::Math;
use crate::rows::{Grid, absent};

impl Eval<'_> {
    pub(crate) fn math(
        &self,
        math: &Math,
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let mut parameters = Vec::with_capacity(math.parameters.len());
        for parameter in &math.parameters {
            parameters.push(self.scalar(parameter, grid)?);
        }
        let parameter = |n: usize, i: usize| parameters.get(n).and_then(|p| p.get(i)).copied();
        if math.function == MathFn::Clamp {
            return self.clamp(math, &parameters, grid, sink);
        }
        self.map(&math.arg, grid, sink, |i, v| {
            apply(math.function, v, parameter(0, i))
        })
    }

    /// `clamp`: where the upper bound is below the lower one there is no result at all.
    fn clamp(
        &self,
        math: &Math,
        parameters: &[Vec<f64>],
        grid: Grid,
        sink: &mut RowSink<'_>,
    ) -> Result<(), PromqlError> {
        let [lower, upper] = parameters else {
            return Ok(());
        };
        self.map(&math.arg, grid, sink, |i, v| {
            match (lower.get(i), upper.get(i)) {
                (Some(lower), Some(upper)) if upper < lower => absent(),
                (Some(lower), Some(upper)) => max(*lower, min(*upper, v)),
                _ => absent(),
            }
        })
    }
}

/// Go's `math.Max`: NaN if either is NaN, unless the other one is +Inf.
fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// Go's `math.Min`: NaN if either is NaN, unless the other one is -Inf.
fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}

fn apply(function: MathFn, v: f64, parameter: Option<f64>) -> f64 {
    match function {
        MathFn::Abs => v.abs(),
        MathFn::Ceil => v.ceil(),
        MathFn::Floor => v.floor(),
        MathFn::Exp => v.exp(),
        MathFn::Sqrt => v.sqrt(),
        MathFn::Ln => v.ln(),
        MathFn::Log2 => v.log2(),
        MathFn::Log10 => v.log10(),
        MathFn::Sin => v.sin(),
        MathFn::Cos => v.cos(),
        MathFn::Tan => v.tan(),
        MathFn::Asin => v.asin(),
        MathFn::Acos => v.acos(),
        MathFn::Atan => v.atan(),
        MathFn::Sinh => v.sinh(),
        MathFn::Cosh => v.cosh(),
        MathFn::Tanh => v.tanh(),
        MathFn::Asinh => v.asinh(),
        MathFn::Acosh => v.acosh(),
        MathFn::Atanh => v.atanh(),
        MathFn::Rad => v * std::f64::consts::PI / 180.0,
        MathFn::Deg => v * 180.0 / std::f64::consts::PI,
        MathFn::Sgn => {
            if v < 0.0 {
                -1.0
            } else if v > 0.0 {
                1.0
            } else {
                v
            }
        }
        MathFn::ClampMin => max(parameter.unwrap_or(f64::NAN), v),
        MathFn::ClampMax => min(parameter.unwrap_or(f64::NAN), v),
        MathFn::Round => {
            // ties go up; the inverse is what Prometheus multiplies with
            let inverse = 1.0 / parameter.unwrap_or(1.0);
            (v * inverse + 0.5).floor() / inverse
        }
        MathFn::Clamp => v,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_and_signs() {
        let round = |v, to| apply(MathFn::Round, v, Some(to));
        assert_eq!(
            (round(2.5, 1.0), round(-2.5, 1.0), round(17.0, 5.0)),
            (3.0, -2.0, 15.0)
        );
        assert_eq!(apply(MathFn::Round, 2.4, None), 2.0);
        assert_eq!(apply(MathFn::Sgn, -7.0, None), -1.0);
        assert!(apply(MathFn::Sgn, f64::NAN, None).is_nan());
    }

    #[test]
    fn nan_survives_bounds() {
        assert!(apply(MathFn::ClampMin, f64::NAN, Some(1.0)).is_nan());
        assert!(apply(MathFn::ClampMax, 1.0, Some(f64::NAN)).is_nan());
        assert_eq!(apply(MathFn::ClampMax, f64::INFINITY, Some(3.0)), 3.0);
        assert_eq!(
            apply(MathFn::ClampMin, f64::NAN, Some(f64::INFINITY)),
            f64::INFINITY
        );
    }
}
