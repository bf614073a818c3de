//! Values that change by themselves as time passes, as spans that queries compare with the time.

use dealership::Timestamp;

/// The end of what does not end by itself.
pub(super) const NEVER: i64 = i64::MAX;

/// A value from one instant (included) until another (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span<T> {
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) value: T,
}

/// The spans of a function of time that changes at these instants only.
pub(super) fn spans<T: PartialEq>(
    changes_at: impl IntoIterator<Item = Timestamp>,
    value_at: impl Fn(Timestamp) -> T,
) -> Vec<Span<T>> {
    let mut starts: Vec<i64> = changes_at.into_iter().map(Timestamp::millis).collect();
    starts.push(i64::MIN);
    starts.sort_unstable();
    starts.dedup();
    let mut spans: Vec<Span<T>> = Vec::with_capacity(starts.len());
    for from in starts {
        let value = value_at(Timestamp::from_millis(from));
        match spans.last_mut() {
            Some(last) if last.value == value => {}
            Some(last) => {
                last.until = from;
                spans.push(Span {
                    from,
                    until: NEVER,
                    value,
                });
            }
            None => spans.push(Span {
                from,
                until: NEVER,
                value,
            }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_meet_and_hold_a_value_each() {
        let at = Timestamp::from_millis;
        let found = spans([at(5), at(9), at(5), at(7)], |now| {
            now.millis() >= 5 && now.millis() < 9
        });
        let expected = [(i64::MIN, 5, false), (5, 9, true), (9, NEVER, false)];
        let expected = expected.map(|(from, until, value)| Span { from, until, value });
        assert_eq!(found, expected);
    }
}
