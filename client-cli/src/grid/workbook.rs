//! Workbooks: xlsx, and xls for reading.

use std::io::{self, Cursor, Read};

use anyhow::{Context, Result, anyhow, ensure};
use calamine::{Data, Reader, Xls, Xlsx};
use rust_xlsxwriter::{Format, Workbook};
use zip::ZipArchive;

use super::{Grid, check};

/// The most bytes that a workbook may inflate to: XML is some ten times its packed size.
const MAX_INFLATED: u64 = 256 << 20;
/// The largest xls, in bytes: its reader lays whole sheets out in memory.
const MAX_XLS: usize = 16 << 20;
/// The most parts of a workbook.
const MAX_PARTS: usize = 2_000;

/// Reads the first sheet of an xlsx file.
pub(super) fn read_xlsx(bytes: Vec<u8>) -> Result<Grid> {
    measure(&bytes)?;
    let mut workbook = Xlsx::new(Cursor::new(bytes))?;
    let name = workbook
        .sheet_names()
        .first()
        .cloned()
        .context("the workbook has no sheet")?;
    let mut cells = workbook.worksheet_cells_reader(&name)?;
    let mut grid = Grid::new();
    // Cell by cell: a sheet laid out whole is as large as its two farthest cells are apart.
    while let Some(cell) = cells.next_cell()? {
        let (line, column) = cell.get_position();
        let text = shown(&Data::from(cell.get_value().clone()));
        if !text.is_empty() {
            put(&mut grid, line, column, text)?;
        }
    }
    Ok(grid)
}

/// Reads the first sheet of an xls file.
pub(super) fn read_xls(bytes: Vec<u8>) -> Result<Grid> {
    ensure!(
        bytes.len() <= MAX_XLS,
        "an xls file of more than {MAX_XLS} bytes is not read: save it as xlsx"
    );
    let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes))?;
    let range = workbook
        .worksheet_range_at(0)
        .ok_or_else(|| anyhow!("the workbook has no sheet"))??;
    // The range starts at the first cell in use; what stands above and before it counts, so that
    // the numbers that people are told are those they see.
    let (first_line, first_column) = range.start().unwrap_or_default();
    let mut grid = Grid::new();
    for (line, column, cell) in range.used_cells() {
        let line = first_line.saturating_add(u32::try_from(line)?);
        let column = first_column.saturating_add(u32::try_from(column)?);
        put(&mut grid, line, column, shown(cell))?;
    }
    Ok(grid)
}

/// Writes an xlsx file: the data, and behind it the notes if there are any.
pub(super) fn write(title: &str, grid: &[Vec<String>], notes: &[Vec<String>]) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let text = Format::new().set_num_format("@");
    let heading = Format::new().set_num_format("@").set_bold();
    for (name, lines) in [(title, grid), ("说明", notes)] {
        if lines.is_empty() && name != title {
            continue;
        }
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        for (line, cells) in lines.iter().enumerate() {
            for (place, cell) in cells.iter().enumerate() {
                let is_heading = if name == title { line == 0 } else { place == 0 };
                let format = if is_heading { &heading } else { &text };
                // A string cell is never a formula, whatever it begins with.
                sheet.write_string_with_format(
                    u32::try_from(line)?,
                    u16::try_from(place)?,
                    cell,
                    format,
                )?;
            }
        }
        if name == title {
            sheet.set_freeze_panes(1, 0)?;
        }
        sheet.autofit();
    }
    Ok(workbook.save_to_buffer()?)
}

/// Inflates a workbook into nothing, and stops where it grows too large: what a file says of its
/// own size proves nothing.
fn measure(bytes: &[u8]) -> Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let parts = archive.len();
    ensure!(parts <= MAX_PARTS, "the workbook has {parts} parts");
    let mut left = MAX_INFLATED;
    for part in 0..parts {
        let part = archive.by_index(part)?;
        left -= io::copy(&mut part.take(left), &mut io::sink())?;
        ensure!(
            left > 0,
            "the workbook unpacks to more than {MAX_INFLATED} bytes"
        );
    }
    Ok(())
}

fn put(grid: &mut Grid, line: u32, column: u32, text: String) -> Result<()> {
    let (line, column) = (usize::try_from(line)?, usize::try_from(column)?);
    check(line, column, &text)?;
    if grid.len() <= line {
        grid.resize(line + 1, Vec::new());
    }
    if let Some(cells) = grid.get_mut(line) {
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(column) {
            *cell = text;
        }
    }
    Ok(())
}

/// A cell as its text; numbers without an exponent, so that a phone stays a phone.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(bool) => bool.to_string(),
        Data::Int(int) => int.to_string(),
        Data::Float(float) => plain(*float),
        Data::DateTime(instant) => match instant.as_datetime() {
            Some(instant) => instant.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => plain(instant.as_f64()),
        },
    }
}

fn plain(number: f64) -> String {
    // Up to 2^53 a float is exactly the integer that was typed.
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        format!("{number:.0}")
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut workbook = Workbook::new();
        fill(workbook.add_worksheet());
        workbook.save_to_buffer().unwrap()
    }

    fn complaint(bytes: Vec<u8>) -> String {
        format!("{:#}", read_xlsx(bytes).unwrap_err())
    }

    #[test]
    fn numbers_and_dates_read_as_people_see_them() {
        let bytes = workbook(|sheet| {
            let date = Format::new().set_num_format("yyyy-mm-dd");
            sheet.write_number(2, 1, 13_800_000_001.0).unwrap();
            sheet.write_number(2, 2, 15.98).unwrap();
            sheet
                .write_number_with_format(2, 3, 46_145.0, &date)
                .unwrap();
        });
        let grid = read_xlsx(bytes).unwrap();
        assert_eq!(grid.len(), 3, "empty lines count");
        assert_eq!(grid[2], ["", "13800000001", "15.98", "2026-05-03 00:00:00"]);
    }

    #[test]
    fn two_cells_far_apart_do_not_fill_the_memory() {
        let far_line = workbook(|sheet| {
            sheet.write_string(1_048_575, 0, "x").unwrap();
        });
        assert!(complaint(far_line).contains("more than 200000 lines"));
        let far_column = workbook(|sheet| {
            sheet.write_string(3, 16_383, "x").unwrap();
        });
        assert!(complaint(far_column).contains("line 4 has more than 500 columns"));
    }

    #[test]
    fn a_workbook_that_unpacks_to_too_much_is_refused() {
        let mut bytes = Vec::new();
        let mut archive = ZipWriter::new(Cursor::new(&mut bytes));
        archive
            .start_file("xl/sharedStrings.xml", SimpleFileOptions::default())
            .unwrap();
        let block = vec![b' '; 1 << 20];
        for _ in 0..257 {
            archive.write_all(&block).unwrap();
        }
        archive.finish().unwrap();
        assert!(bytes.len() < 1 << 20);
        assert!(complaint(bytes).contains("unpacks to more than"));
    }

    #[test]
    fn a_truncated_workbook_is_refused() {
        let whole = workbook(|sheet| {
            sheet.write_string(0, 0, "姓名").unwrap();
        });
        for length in [4, 30, whole.len() / 2, whole.len() - 1] {
            assert!(read_xlsx(whole[..length].to_vec()).is_err(), "{length}");
        }
    }

    #[test]
    fn a_number_cell_keeps_its_digits() {
        assert_eq!(plain(13_800_000_001.0), "13800000001");
        assert_eq!(plain(-2.5), "-2.5");
    }
}
