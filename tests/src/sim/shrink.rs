//! Makes a plan that fails as short as it can be.

use super::plan::{Event, Plan};

/// Takes events out as long as the plan still fails: first halves, then quarters, at last one
/// after the other (delta debugging, Zeller 1999). Asks at most `attempts` times.
pub fn shrink(plan: &Plan, attempts: usize, mut fails: impl FnMut(&Plan) -> bool) -> Plan {
    let mut best = plan.clone();
    let mut left = attempts;
    let mut parts = 2;
    while left > 0 && !best.events.is_empty() {
        let length = best.events.len().div_ceil(parts);
        let mut shorter = None;
        for part in 0..best.events.len().div_ceil(length) {
            if left == 0 {
                break;
            }
            left -= 1;
            let candidate = without(&best, part * length, length);
            if fails(&candidate) {
                shorter = Some(candidate);
                break;
            }
        }
        match shorter {
            Some(candidate) => {
                best = candidate;
                parts = (parts - 1).max(2);
            }
            None if length == 1 => break,
            None => parts = (parts * 2).min(best.events.len()),
        }
    }
    best
}

fn without(plan: &Plan, from: usize, length: usize) -> Plan {
    let is_kept = |(number, _): &(usize, &Event)| !(from..from + length).contains(number);
    let events = plan.events.iter().enumerate().filter(is_kept);
    Plan {
        events: events.map(|(_, event)| event.clone()).collect(),
        ..plan.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::What;

    #[test]
    fn a_plan_shrinks_to_the_two_events_that_it_takes() {
        let mut plan = Plan::of_seed(1);
        plan.events = (0..50)
            .map(|at| Event {
                at,
                what: What::Cut { member: 0 },
            })
            .collect();
        let has = |plan: &Plan, at: u64| plan.events.iter().any(|event| event.at == at);

        let shrunk = shrink(&plan, 1_000, |plan| has(plan, 7) && has(plan, 31));

        let times: Vec<_> = shrunk.events.iter().map(|event| event.at).collect();
        assert_eq!(times, [7, 31]);
    }
}
