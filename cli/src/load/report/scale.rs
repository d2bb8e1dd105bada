//! The axes of plots: how values become places, and where the lines of the grid are.

/// How values become heights.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scale {
    /// From zero to this.
    Linear(f64),
    /// From the one to the other, each ten times as high as far.
    Logarithmic(f64, f64),
}

impl Scale {
    /// A round end that the highest value fits below.
    pub(super) fn linear(highest: f64) -> Self {
        Self::Linear(round_above(highest))
    }

    /// Whole powers of ten around these values.
    pub(super) fn logarithmic(lowest: f64, highest: f64) -> Self {
        let low = 10_f64.powf(lowest.max(1e-6).log10().floor());
        Self::Logarithmic(low, 10_f64.powf(highest.max(low * 10.0).log10().ceil()))
    }

    /// From 0 at the bottom to 1 at the top.
    pub(super) fn share(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear(top) => value / top,
            Self::Logarithmic(low, top) => (value.max(low) / low).log10() / (top / low).log10(),
        };
        share.clamp(0.0, 1.0)
    }

    pub(super) fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear(top) => (0..=4).map(|quarter| top * f64::from(quarter) / 4.0).collect(),
            Self::Logarithmic(low, top) => {
                let tens = std::iter::successors(Some(low), |value| Some(value * 10.0));
                tens.take_while(|value| *value <= top * 1.01).collect()
            }
        }
    }
}

/// Without zeroes that mean nothing.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next figure whose quarters are short, too.
pub(super) fn round_above(value: f64) -> f64 {
    let ten = 10_f64.powf(value.max(1e-3).log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0].map(|step| step * ten);
    steps.into_iter().find(|step| *step >= value * 0.999_999).unwrap_or(10.0 * ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_figures() {
        assert_eq!([0.3, 1.0, 41_152.0, 7.0].map(|value| short(round_above(value))), ["0.32", "1", "60000", "8"]);
        let Scale::Logarithmic(low, top) = Scale::logarithmic(0.000_18, 0.0123) else { panic!("logarithmic") };
        assert_eq!((short(low * 1e4), short(top)), ("1".to_owned(), "0.1".to_owned()));
        assert_eq!(Scale::logarithmic(0.000_18, 0.0123).ticks().len(), 4);
    }

    #[test]
    fn shares_are_within_the_plot() {
        for scale in [Scale::linear(100.0), Scale::logarithmic(1e-4, 1.0)] {
            for value in [-1.0, 0.0, 1e-9, 0.5, 1e9] {
                assert!((0.0..=1.0).contains(&scale.share(value)), "{scale:?} {value}");
            }
        }
    }
}
