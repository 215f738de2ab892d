//! Numbers and durations as people read them, and axes with round steps.

/// A count as a coordinate or an amount.
pub(super) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// An amount as a coordinate. Exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "a pixel is coarser than the rounding")]
pub(super) fn amount(value: u64) -> f64 {
    value as f64
}

/// `part` of `whole` in percent, rounded, but neither nothing nor all when it is not; 0 of nothing
/// is 0.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let (of, all) = (u128::from(part), u128::from(whole));
    match (of * 200 + all).checked_div(all * 2).unwrap_or(0) {
        0 if part > 0 => "<1%".to_owned(),
        100 if part < whole => ">99%".to_owned(),
        rounded => format!("{rounded}%"),
    }
}

/// `1234` as `1,234`.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As [`grouped`], and as [`short`] when that would be too long to read.
pub(super) fn figure(value: u64) -> String {
    const LONG: u64 = 100_000;
    if value < LONG { grouped(value) } else { short(value) }
}

/// `1234567` as `1.2M`, which is enough for the ticks of an axis.
pub(super) fn short(value: u64) -> String {
    const LONG: u64 = 10_000;
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")];
    let unit = UNITS.into_iter().find(|(unit, _)| value >= LONG && value >= *unit);
    let Some((unit, letter)) = unit else { return grouped(value) };
    let whole = grouped(value / unit);
    match value % unit / (unit / 10) {
        0 => format!("{whole}{letter}"),
        tenth => format!("{whole}.{tenth}{letter}"),
    }
}

/// `1 thing`, `2 things`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    format!("{} {thing}{}", grouped(count as u64), if count == 1 { "" } else { "s" })
}

/// Milliseconds in the two largest units that matter.
pub(super) fn duration(ms: u64) -> String {
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    let pair = |large: u64, unit: &str, small: u64, rest: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit} {small}{rest}"),
    };
    match ms {
        0 => "0s".to_owned(),
        1..1_000 => format!("{ms}ms"),
        1_000..10_000 if !ms.is_multiple_of(1_000) => format!("{seconds}.{}s", ms % 1_000 / 100),
        1_000..60_000 => format!("{seconds}s"),
        60_000..3_600_000 => pair(minutes, "m", seconds % 60, "s"),
        3_600_000..86_400_000 => pair(hours, "h", minutes % 60, "m"),
        _ => pair(hours / 24, "d", hours % 24, "h"),
    }
}

/// The ticks of a time axis from 0 to at least `total` milliseconds.
pub(super) fn time_ticks(total: u64) -> Vec<u64> {
    const DAY: u64 = 86_400_000;
    const STEPS: [u64; 26] = [
        50,
        100,
        200,
        500,
        1_000,
        2_000,
        5_000,
        10_000,
        15_000,
        30_000,
        60_000,
        120_000,
        300_000,
        600_000,
        900_000,
        1_800_000,
        3_600_000,
        7_200_000,
        10_800_000,
        21_600_000,
        43_200_000,
        DAY,
        2 * DAY,
        7 * DAY,
        14 * DAY,
        30 * DAY,
    ];
    const MOST: u64 = 6;
    let step = STEPS.into_iter().find(|step| total.div_ceil(*step) <= MOST);
    let days = || total.div_ceil(MOST).div_ceil(DAY).saturating_mul(DAY);
    ticks(step.unwrap_or_else(days), total)
}

/// The ticks of an axis of counts from 0 to at least `total`.
pub(super) fn count_ticks(total: u64) -> Vec<u64> {
    const MOST: u64 = 5;
    let mut unit = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let step = unit.saturating_mul(step);
            if total.div_ceil(step) <= MOST {
                return ticks(step, total);
            }
        }
        unit = unit.saturating_mul(10);
    }
}

fn ticks(step: u64, total: u64) -> Vec<u64> {
    let last = total.div_ceil(step).max(1);
    (0..=last).map(|index| index.saturating_mul(step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_counts_read_like_a_person_wrote_them() {
        for (ms, text) in [
            (0, "0s"),
            (850, "850ms"),
            (1_500, "1.5s"),
            (12_300, "12s"),
            (60_000, "1m"),
            (200_000, "3m 20s"),
            (7_500_000, "2h 5m"),
            (86_400_000, "1d"),
            (97_200_000, "1d 3h"),
        ] {
            assert_eq!(duration(ms), text);
        }
        assert_eq!([grouped(7), grouped(1_234), grouped(1_234_567)], ["7", "1,234", "1,234,567"]);
        for (part, whole, text) in [
            (1, 3, "33%"),
            (2, 3, "67%"),
            (0, 5, "0%"),
            (5, 5, "100%"),
            (1, 1_000, "<1%"),
            (999, 1_000, ">99%"),
            (1, 0, "<1%"),
        ] {
            assert_eq!(percent(part, whole), text, "{part} of {whole}");
        }
        for (value, figured, shortened) in [
            (9_999, "9,999", "9,999"),
            (12_000, "12,000", "12k"),
            (12_345, "12,345", "12.3k"),
            (9_999_999, "9.9M", "9.9M"),
            (2_000_000_000, "2B", "2B"),
            (u64::MAX, "18,446,744T", "18,446,744T"),
        ] {
            assert_eq!([figure(value), short(value)], [figured, shortened]);
        }
    }

    #[test]
    fn axes_are_short_round_and_reach_the_end() {
        for total in [0, 1, 7, 999, 61_000, 3_601_000, 400_000_000, 1 << 50, u64::MAX] {
            for ticks in [time_ticks(total), count_ticks(total)] {
                assert!((2..=7).contains(&ticks.len()), "{total}: {ticks:?}");
                assert!(*ticks.last().unwrap() >= total, "{total}: {ticks:?}");
            }
        }
        assert_eq!(count_ticks(7), [0, 2, 4, 6, 8]);
        let days: Vec<_> = time_ticks(30_000_000_000).into_iter().map(duration).collect();
        assert_eq!(days, ["0s", "58d", "116d", "174d", "232d", "290d", "348d"]);
        assert_eq!(time_ticks(250_000), [0, 60_000, 120_000, 180_000, 240_000, 300_000]);
    }
}
