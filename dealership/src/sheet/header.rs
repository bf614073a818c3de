//! Finds the line that names the columns.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::cell::narrow;

/// How many lines from the top are looked at: titles, notes and empty lines may stand above.
const LOOKED_AT: usize = 10;

/// The name under which a heading is assigned to no column.
pub const LEFT_ALONE: &str = "-";

/// Where the columns are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Lines down to the header, it included: the rows start right after.
    pub line: usize,
    /// The columns that were found, with their places counted from 0.
    pub columns: BTreeMap<&'static str, usize>,
    /// Headings that name no column of ours: their cells are left alone.
    pub unknown: Vec<String>,
}

/// Why a file cannot be read as this sheet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// No line names any column.
    #[error("none of the first {LOOKED_AT} lines names the columns of this sheet")]
    NotFound,
    /// The best line lacks columns that are required.
    #[error("line {line} lacks the columns {}", .missing.join(", "))]
    Missing {
        /// The line that looks most like a header, counted from 1.
        line: usize,
        /// The headings that are missing.
        missing: Vec<&'static str>,
    },
    /// Two columns bear the same heading.
    #[error("line {line} names the column {heading} twice")]
    Twice {
        /// The line, counted from 1.
        line: usize,
        /// The heading.
        heading: &'static str,
    },
}

/// Finds the header among the first lines: the line that names most columns.
///
/// `remembered` maps headings that a person once assigned to columns of this sheet, or to
/// [`LEFT_ALONE`]; it goes before the synonyms.
///
/// # Errors
///
/// [`HeaderProblem`].
pub fn find_header(
    sheet: Sheet,
    grid: &[Vec<String>],
    remembered: &BTreeMap<String, String>,
) -> Result<Header, HeaderProblem> {
    let names = headings(sheet, remembered);
    let (line, cells) = grid
        .iter()
        .take(LOOKED_AT)
        .enumerate()
        .map(|(index, cells)| (index + 1, cells))
        // Of equals the first: `max_by_key` would take the last.
        .rev()
        .max_by_key(|(_, cells)| {
            let known: BTreeSet<_> =
                cells.iter().filter_map(|cell| names.get(&plain(cell))).collect();
            known.len()
        })
        .ok_or(HeaderProblem::NotFound)?;
    let mut columns = BTreeMap::new();
    let mut unknown = Vec::new();
    for (place, cell) in cells.iter().enumerate() {
        let heading = plain(cell);
        match names.get(&heading) {
            None if heading.is_empty() => {}
            None => unknown.push(cell.trim().to_owned()),
            Some(name) => {
                if columns.insert(*name, place).is_some() {
                    let column = sheet.columns().iter().find(|column| column.name == *name);
                    let heading = column.map_or(*name, |column| column.heading);
                    return Err(HeaderProblem::Twice { line, heading });
                }
            }
        }
    }
    if columns.is_empty() {
        return Err(HeaderProblem::NotFound);
    }
    let missing: Vec<_> = sheet
        .columns()
        .iter()
        .filter(|column| column.required && !columns.contains_key(column.name))
        .map(|column| column.heading)
        .collect();
    if !missing.is_empty() {
        return Err(HeaderProblem::Missing { line, missing });
    }
    Ok(Header {
        line,
        columns,
        unknown,
    })
}

/// A heading without what varies from dealer to dealer: case, width, spaces, stars, units.
pub(super) fn plain(heading: &str) -> String {
    let half = narrow(heading);
    let before_unit = half.split(['(', '[', '/']).next().unwrap_or_default();
    // A heading that is nothing but a bracket, or that has the slash in its name, stays whole.
    let kept = if half.contains('/') || before_unit.trim().is_empty() {
        &half
    } else {
        before_unit
    };
    kept.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | ':' | '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether two headings are the same but for what varies from dealer to dealer.
pub fn same_heading(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Whether two names are the same but for case, width and spaces.
pub fn same_words(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        narrow(text)
            .chars()
            .filter(|character| !character.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect()
    };
    plain(one) == plain(other)
}

fn headings(sheet: Sheet, remembered: &BTreeMap<String, String>) -> BTreeMap<String, &'static str> {
    let mut names = BTreeMap::new();
    for column in sheet.columns() {
        for heading in std::iter::once(&column.heading).chain(column.synonyms) {
            names.insert(plain(heading), column.name);
        }
        names.insert(plain(column.name), column.name);
    }
    for (heading, name) in remembered {
        if let Some(column) = sheet.column(name) {
            names.insert(plain(heading), column.name);
        } else if name == LEFT_ALONE {
            names.remove(&plain(heading));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(lines: &[&[&str]]) -> Vec<Vec<String>> {
        lines
            .iter()
            .map(|line| line.iter().map(|cell| (*cell).to_owned()).collect())
            .collect()
    }

    fn found(sheet: Sheet, lines: &[&[&str]]) -> Result<Header, HeaderProblem> {
        find_header(sheet, &grid(lines), &BTreeMap::new())
    }

    #[test]
    fn the_header_is_found_below_a_title_and_under_other_names() {
        let header = found(
            Sheet::Customers,
            &[
                &["城东店 客户名单 2026年4月", ""],
                &[],
                &["序号", "客户姓名*", "联系电话", "预算(元)", "顾 问"],
                &["1", "张伟", "13800000001", "", "李娜"],
            ],
        )
        .expect("line 3 is the header");
        assert_eq!(header.line, 3);
        assert_eq!(
            header.columns,
            BTreeMap::from([("name", 1), ("phone", 2), ("budget", 3), ("owner", 4)])
        );
        assert_eq!(header.unknown, ["序号"]);
    }

    #[test]
    fn a_file_without_required_columns_says_which() {
        assert_eq!(
            found(Sheet::Vehicles, &[&["VIN", "车型"]]),
            Err(HeaderProblem::Missing {
                line: 1,
                missing: vec!["外观色", "入库日期"]
            })
        );
        assert_eq!(
            found(Sheet::Vehicles, &[&["a", "b"]]),
            Err(HeaderProblem::NotFound)
        );
        assert_eq!(found(Sheet::Vehicles, &[]), Err(HeaderProblem::NotFound));
    }

    #[test]
    fn a_column_named_twice_is_asked_about_not_guessed() {
        assert_eq!(
            found(Sheet::Customers, &[&["姓名", "手机", "联系电话"]]),
            Err(HeaderProblem::Twice {
                line: 1,
                heading: "手机"
            })
        );
    }

    #[test]
    fn a_mapping_that_a_person_made_is_remembered() {
        let remembered = BTreeMap::from([("车主".to_owned(), "name".to_owned())]);
        let lines = grid(&[&["车主", "手机"]]);
        assert!(find_header(Sheet::Customers, &lines, &BTreeMap::new()).is_err());
        let header = find_header(Sheet::Customers, &lines, &remembered).expect("remembered");
        assert_eq!(header.columns.get("name"), Some(&0));
    }

    #[test]
    fn a_column_that_a_person_leaves_alone_is_not_read() {
        let remembered = BTreeMap::from([("联系电话".to_owned(), LEFT_ALONE.to_owned())]);
        let lines = grid(&[&["姓名", "手机", "联系电话"]]);
        let header = find_header(Sheet::Customers, &lines, &remembered).expect("one phone");
        assert_eq!(header.columns.get("phone"), Some(&1));
        assert_eq!(header.unknown, ["联系电话"]);
    }

    #[test]
    fn a_header_beyond_the_first_ten_lines_is_not_looked_for() {
        let mut lines: Vec<&[&str]> = vec![&["x"]; 10];
        lines.push(&["姓名", "手机"]);
        assert_eq!(
            found(Sheet::Customers, &lines),
            Err(HeaderProblem::NotFound)
        );
    }
}
