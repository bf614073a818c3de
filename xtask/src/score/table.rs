//! The newest result of each figure, as the README shows it.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::figures::FIGURES;
use super::result;
use crate::bench::grouped;

/// What stands before and after the table.
const BEGIN: &str = "<!-- written by `cargo xtask score --table` -->\n";
const END: &str = "<!-- to here -->\n";

/// The table of a scoreboard.
///
/// Of each figure it shows the newest result in full form, or the newest at all where there is
/// none; and whatever is newest where something did not hold.
///
/// # Errors
/// When a line of the scoreboard is no JSON.
pub(super) fn of(scoreboard: &str) -> Result<String> {
    let records: Vec<Value> = scoreboard
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("no JSON: {line}")))
        .collect::<Result<_>>()?;
    let mut table = "| figure | withstood | lost | violations | of which | measured |\n\
                     |---|---|---|---|---|---|\n"
        .to_owned();
    for figure in FIGURES {
        let name = format!("`{}`: {}", figure.name, figure.about);
        let of_it: Vec<&Value> = records
            .iter()
            .filter(|record| text(record, "figure") == figure.name)
            .collect();
        let row = match shown(&of_it) {
            Some(record) => row(record),
            None => "not measured yet | | | | |".to_owned(),
        };
        table.push_str(&format!("| {name} | {row}\n"));
    }
    Ok(table)
}

/// Puts a table between its marks.
///
/// # Errors
/// When the marks are not there.
pub(super) fn put_into(readme: &str, table: &str) -> Result<String> {
    let (before, rest) = readme.split_once(BEGIN).context("no mark of the table")?;
    let (_, after) = rest.split_once(END).context("no end of the table")?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

fn shown<'r>(records: &[&'r Value]) -> Option<&'r Value> {
    let newest = records.last()?;
    if result::has_failed(newest) {
        return Some(newest);
    }
    let full = records
        .iter()
        .rfind(|record| text(record, "form") == "full");
    Some(full.unwrap_or(newest))
}

fn row(record: &Value) -> String {
    let details = record.get("details").and_then(Value::as_object);
    let details: Vec<String> = details
        .into_iter()
        .flatten()
        .map(|(what, count)| format!("{what}: {}", grouped(count.as_u64().unwrap_or_default())))
        .collect();
    let dirty = if record.get("dirty") == Some(&Value::Bool(true)) {
        " and changes"
    } else {
        ""
    };
    format!(
        "{} {} | {} | {} | {} | {}, {}, {} s, at {}{dirty} |",
        number(record, "value"),
        text(record, "unit"),
        number(record, "lost"),
        number(record, "violations"),
        details.join("; "),
        text(record, "range"),
        text(record, "date"),
        number(record, "seconds"),
        text(record, "commit"),
    )
}

fn text<'r>(record: &'r Value, key: &str) -> &'r str {
    record.get(key).and_then(Value::as_str).unwrap_or("?")
}

fn number(record: &Value, key: &str) -> String {
    let number = record.get(key).and_then(Value::as_u64);
    number.map_or_else(|| "?".to_owned(), grouped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(value: u64, form: &str, lost: u64) -> String {
        json!({"figure": "powerloss", "value": value, "unit": "power cuts", "range": "seeds 0..2",
               "lost": lost, "violations": 0, "form": form, "seconds": 61, "commit": "abc",
               "dirty": false, "date": "2026-11-24", "details": {"commits acknowledged": 12345}})
        .to_string()
    }

    #[test]
    fn the_newest_full_result_is_shown() {
        let lines = [
            record(1, "full", 0),
            record(2000, "full", 0),
            record(3, "quick", 0),
        ];

        let table = of(&lines.join("\n")).unwrap();

        let shown = "| 2,000 power cuts | 0 | 0 | commits acknowledged: 12,345 | seeds 0..2, \
                     2026-11-24, 61 s, at abc |";
        assert!(table.contains(shown), "{table}");
    }

    #[test]
    fn a_newer_failure_is_shown_whatever_its_form() {
        let lines = [record(2, "full", 0), record(3, "quick", 4)];

        assert!(
            of(&lines.join("\n"))
                .unwrap()
                .contains("| 3 power cuts | 4 |")
        );
    }

    #[test]
    fn a_figure_that_nobody_measured_says_so() {
        assert!(of("").unwrap().contains("| not measured yet |"));
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let readme = format!("before\n{BEGIN}old\n{END}after\n");

        let written = put_into(&readme, "new\n").unwrap();

        assert_eq!(written, format!("before\n{BEGIN}\nnew\n\n{END}after\n"));
        assert_eq!(put_into(&written, "new\n").unwrap(), written);
        assert!(put_into("nothing", "new\n").is_err());
    }

    #[test]
    fn a_damaged_scoreboard_is_an_error() {
        assert!(of("{").is_err());
    }
}
