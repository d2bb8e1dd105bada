//! Figures for people: as many digits as mean something, with their unit.

use std::time::Duration;

/// `182 µs`, `4.21 ms`, `1.30 s`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.000_999_5 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 0.999_5 {
        format!("{} ms", digits(seconds * 1e3))
    } else {
        format!("{} s", digits(seconds))
    }
}

/// `50.04 ms`: every digit there is.
pub(super) fn exact_time(time: Duration) -> String {
    let text = format!("{time:?}");
    let unit = text.find(char::is_alphabetic).unwrap_or(text.len());
    format!("{} {}", &text[..unit], &text[unit..])
}

/// `1 234 567`
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// `41 152/s`, `3.5/s`
pub(crate) fn rate(per_second: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates are positive and small")]
    if per_second >= 99.95 {
        format!("{}/s", count(per_second.round() as u64))
    } else {
        format!("{}/s", digits(per_second))
    }
}

/// `12.5 %`; what is not nothing is never shown as nothing.
pub(crate) fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 0.01 {
        "< 0.01 %".to_owned()
    } else if percent < 1.0 && percent > 0.0 {
        format!("{percent:.2} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// Three digits that mean something.
fn digits(value: f64) -> String {
    if value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// `12.3 MiB`
pub(crate) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{} {unit}", digits(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (micros, shown) in [
            (0, "0 µs"),
            (182, "182 µs"),
            (1_000, "1.00 ms"),
            (12_345, "12.3 ms"),
            (421_900, "422 ms"),
            (1_300_000, "1.30 s"),
            (75_000_000, "75.0 s"),
        ] {
            assert_eq!(time(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn an_exact_time_has_every_digit() {
        for (nanos, shown) in [
            (0, "0 ns"),
            (182_000, "182 µs"),
            (50_000_000, "50 ms"),
            (50_040_000, "50.04 ms"),
            (75_000_001_000, "75.000001 s"),
        ] {
            assert_eq!(exact_time(Duration::from_nanos(nanos)), shown);
        }
    }

    #[test]
    fn counts_rates_shares_and_sizes() {
        assert_eq!([count(7), count(1234), count(1_234_567)], ["7", "1 234", "1 234 567"]);
        assert_eq!([rate(0.5), rate(99.96), rate(41_152.3)], ["0.50/s", "100/s", "41 152/s"]);
        assert_eq!(
            [percent(0.0), percent(0.001), percent(0.123), percent(52.04)],
            ["0.0 %", "< 0.01 %", "0.12 %", "52.0 %"]
        );
        assert_eq!([bytes(12), bytes(2048), bytes(5 << 20)], ["12 B", "2.00 KiB", "5.00 MiB"]);
    }
}
