//! Answers as a table of a few fields, for a person at a terminal.

use std::str::FromStr;

use anyhow::{Result, ensure};
use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr;

/// What stands where a field has no value.
const NOTHING: &str = "–";

/// Between two columns.
const GAP: usize = 2;

/// The fields of an answer that are shown, as in `name,owner_name`; a field of a field is named
/// with a dot, as in `row.vin`.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<String>);

impl FromStr for Columns {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let fields: Vec<String> = text
            .split(',')
            .map(|field| field.trim().to_owned())
            .collect();
        ensure!(
            fields.iter().all(|field| !field.is_empty()),
            "name fields with commas between them, as in name,owner_name"
        );
        Ok(Self(fields))
    }
}

impl Columns {
    /// Lays an answer out: a list, a page of rows, or one thing as one row. A head line with the
    /// fields, then a line for each row.
    ///
    /// # Errors
    ///
    /// When no row has a field, which then is misspelt.
    pub(crate) fn table(&self, answer: &Json) -> Result<String> {
        let rows = rows(answer);
        for field in &self.0 {
            ensure!(
                rows.is_empty() || rows.iter().any(|row| find(row, field).is_some()),
                "there is no field {field:?} in the answer"
            );
        }
        let body = rows.iter().map(|row| {
            let cells = self.0.iter();
            cells
                .map(|field| find(row, field).map_or_else(String::new, text))
                .collect()
        });
        let lines: Vec<Vec<String>> = [self.0.clone()].into_iter().chain(body).collect();
        Ok(laid_out(&lines))
    }
}

fn rows(answer: &Json) -> Vec<&Json> {
    match answer {
        Json::Array(rows) => rows.iter().collect(),
        Json::Object(page) => match page.get("rows") {
            Some(Json::Array(rows)) => rows.iter().collect(),
            _ => vec![answer],
        },
        other => vec![other],
    }
}

fn find<'j>(row: &'j Json, field: &str) -> Option<&'j Json> {
    field
        .split('.')
        .try_fold(row, |value, name| value.get(name))
}

fn text(value: &Json) -> String {
    match value {
        Json::Null => NOTHING.to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(values) => {
            let texts: Vec<String> = values.iter().map(text).collect();
            texts.join(", ")
        }
        other => other.to_string(),
    }
}

/// Pads every cell but the last of a line to the width of its column, in columns of a terminal:
/// a Chinese character takes two.
fn laid_out(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    let mut table = String::new();
    for line in lines {
        let mut padding = 0;
        for (cell, width) in line.iter().zip(&widths) {
            table.extend(std::iter::repeat_n(' ', padding));
            table.push_str(cell);
            padding = width + GAP - cell.width();
        }
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table(columns: &str, answer: &Json) -> Result<String> {
        columns.parse::<Columns>()?.table(answer)
    }

    #[test]
    fn columns_stand_under_each_other_whatever_the_script() {
        let answer = json!([
            {"name": "张伟", "grade": "H", "days": 3},
            {"name": "Li", "grade": null, "days": 12},
        ]);
        let expected = "name  grade  days\n张伟  H      3\nLi    –      12\n";
        assert_eq!(table("name,grade,days", &answer).unwrap(), expected);
    }

    #[test]
    fn pages_lists_and_single_things_are_rows() {
        let row = json!({"row": {"vin": "V1"}, "between": ["李娜", "王强"]});
        let page = json!({"rows": [row], "next": null});
        let list = json!([row]);
        let expected = "row.vin  between\nV1       李娜, 王强\n";
        for answer in [&row, &page, &list] {
            assert_eq!(table("row.vin, between", answer).unwrap(), expected);
        }
        assert_eq!(table("a,b", &json!([])).unwrap(), "a  b\n");
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(table("nmae", &json!([{"name": "张伟"}])).is_err());
        assert!("a,,b".parse::<Columns>().is_err());
        assert!("".parse::<Columns>().is_err());
    }
}
