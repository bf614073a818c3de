//! Finds planted bugs, and writes down how soon.

use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::json;
use stories::chaos::Dice;
use stories::sim::{Bite, bite};

use super::wanted::Teeth;

/// Finds planted bugs; whether each was found.
pub(crate) fn find(teeth: &Teeth) -> Result<bool> {
    let mut dice = Dice::new(teeth.from);
    let (mut rows, mut found, mut medians) = (String::new(), 0_u64, Vec::new());
    for bug in &teeth.bugs {
        let started = Instant::now();
        let bite = bite(*bug, teeth.tries, &mut dice);
        found += u64::from(bite.median().is_some());
        medians.extend(bite.median());
        let row = row(&bite);
        println!("{row} {:.0} s", started.elapsed().as_secs_f64());
        if let Some(example) = &bite.example {
            println!("    {example}");
        }
        rows.push_str(&row);
        rows.push('\n');
    }
    if let Some(path) = &teeth.table {
        let text = format!("{}{rows}", include_str!("teeth.md"));
        let text = text.replace("TRIES", &teeth.tries.to_string());
        std::fs::write(path, text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    medians.sort_unstable();
    let planted = teeth.bugs.len() as u64;
    println!(
        "{}",
        json!({
            "figure": "teeth", "value": found, "unit": format!("of {planted} planted bugs found"),
            "range": format!("{} tries each, from {}", teeth.tries, teeth.from),
            "lost": 0, "violations": planted - found,
            "details": {
                "seeds that half of them take at most":
                    medians.get(medians.len() / 2).copied().unwrap_or_default(),
                "median seeds of the one that is found last":
                    medians.last().copied().unwrap_or_default(),
            },
        })
    );
    Ok(found == planted)
}

/// What became of one bug, as a row of a table.
fn row(bite: &Bite) -> String {
    let median = bite.median().map_or_else(
        || format!("not found in {} of {} tries", bite.missed, bite.seeds.len()),
        |median| median.to_string(),
    );
    let most = bite.seeds.last().copied().unwrap_or_default();
    let mut broken: Vec<_> = bite.broken.iter().collect();
    broken.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    let broken = broken.iter().map(|(invariant, times)| match times {
        1 => (*invariant).clone(),
        times => format!("{invariant} (×{times})"),
    });
    let broken: Vec<_> = broken.collect();
    let (name, about) = (bite.bug.name(), bite.bug.about());
    format!(
        "| `{name}` | {about} | {} | {median} | {most} |",
        broken.join("; ")
    )
}
