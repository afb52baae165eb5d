//! The ticks of a value axis.

/// The ticks of a value axis: consecutive multiples of 1, 2 or 5 times a power of ten.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueTicks {
    /// The first and the last value of the axis, which are both ticks.
    pub range: (f64, f64),
    /// The ticks, lowest first.
    pub ticks: Vec<f64>,
}

/// The largest drawn value. Larger ones are drawn at the edge, and sums stay finite. No real measurement is larger.
pub const LARGEST: f64 = 1e18;

/// Returns about `wanted` ticks for values from `low` to `high`, with zero always among them. `whole` is true for
/// counts, whose ticks are integers.
///
/// Source: Paul Heckbert, *Nice Numbers for Graph Labels*, in *Graphics Gems*, 1990. The step here is rounded up.
pub fn value_ticks(low: f64, high: f64, wanted: usize, whole: bool) -> ValueTicks {
    let low = low.clamp(-LARGEST, 0.0);
    let high = high.clamp(0.0, LARGEST);
    let (low, high) = if high - low < 1e-12 {
        (0.0, 1.0)
    } else {
        (low, high)
    };
    let rough = (high - low) / wanted.max(1) as f64;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * magnitude)
        .find(|&step| step >= rough * 0.999_999);
    let step = step.unwrap_or(10.0 * magnitude);
    let step = if whole { step.max(1.0) } else { step };
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    ValueTicks {
        range: (first as f64 * step, last as f64 * step),
        ticks: (first..=last).map(|index| index as f64 * step).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        let ticks = |high, whole| value_ticks(0.0, high, 4, whole).ticks;
        assert_eq!(ticks(97.0, true), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(7.0, true), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(2.0, true), [0.0, 1.0, 2.0]);
        assert_eq!(ticks(0.8, false), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]);
    }

    #[test]
    fn zero_is_always_there() {
        assert_eq!(value_ticks(40.0, 60.0, 3, true).range, (0.0, 60.0));
        assert_eq!(value_ticks(-30.0, 10.0, 4, true).range, (-30.0, 10.0));
        assert_eq!(value_ticks(0.0, 0.0, 4, true).range, (0.0, 1.0));
    }
}
