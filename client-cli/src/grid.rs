//! Spreadsheet files as grids of text, and grids of text as spreadsheet files.
//!
//! Files come from anywhere, so each limit is checked before what it limits is held in memory:
//! the file's size, what a workbook inflates to, lines, columns, the length of a cell.

mod delimited;
mod workbook;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The largest file that is read, in bytes; a year's customers of a large group are far below.
const MAX_BYTES: u64 = 64 << 20;
/// The most lines that are read.
const MAX_LINES: usize = 200_000;
/// The most columns that are read; the customary sheets have some twenty.
const MAX_COLUMNS: usize = 500;
/// The longest cell, in characters: what spreadsheet programs hold.
const MAX_CELL: usize = 32_767;

/// A sheet as lines of cells.
pub type Grid = Vec<Vec<String>>;

/// In what kind of file a sheet comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A workbook: xlsx, or the older xls.
    Workbook,
    /// Text with separators.
    Delimited,
}

/// Reads the first sheet of an xlsx or xls file, or a csv file in UTF-8, UTF-16 or GB18030, told
/// apart by their content.
///
/// # Errors
///
/// When the file cannot be read, is none of these, or is over a limit; in a sentence that names
/// it.
pub fn read(path: &Path) -> Result<(Grid, Format)> {
    let file = || path.display();
    let length = fs::metadata(path)
        .with_context(|| format!("{} cannot be read", file()))?
        .len();
    ensure!(
        length <= MAX_BYTES,
        "{} has {length} bytes; at most {MAX_BYTES} are imported at once",
        file()
    );
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", file()))?;
    from_bytes(bytes).with_context(|| format!("{} cannot be read as a spreadsheet", file()))
}

/// Reads what a file holds.
///
/// # Errors
///
/// When it is no such file, or over a limit.
pub fn from_bytes(bytes: Vec<u8>) -> Result<(Grid, Format)> {
    if bytes.starts_with(b"PK\x03\x04") {
        Ok((workbook::read_xlsx(bytes)?, Format::Workbook))
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        Ok((workbook::read_xls(bytes)?, Format::Workbook))
    } else {
        Ok((delimited::read(&bytes)?, Format::Delimited))
    }
}

/// Writes a workbook with a sheet of notes behind the data, or, if the path ends in `.csv`, a csv
/// file in UTF-8 with a byte order mark and without the notes. Every cell is text.
///
/// The file appears whole or not at all.
///
/// # Errors
///
/// When it cannot be written, or a sheet cannot hold the grid.
pub fn write(path: &Path, title: &str, grid: &[Vec<String>], notes: &[Vec<String>]) -> Result<()> {
    let bytes = to_bytes(format_of(path), title, grid, notes)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().context("the path names no file")?);
    name.push(".part");
    let beside = path.with_file_name(name);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// What a file of a format holds.
///
/// # Errors
///
/// When a sheet cannot hold the grid.
pub fn to_bytes(
    format: Format,
    title: &str,
    grid: &[Vec<String>],
    notes: &[Vec<String>],
) -> Result<Vec<u8>> {
    match format {
        Format::Delimited => delimited::write(grid),
        Format::Workbook => workbook::write(title, grid, notes),
    }
}

/// The kind of file that a path asks for.
pub fn format_of(path: &Path) -> Format {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("csv") => Format::Delimited,
        _ => Format::Workbook,
    }
}

/// Checks a cell's place and length; places are counted from 0.
fn check(line: usize, column: usize, cell: &str) -> Result<()> {
    ensure!(
        line < MAX_LINES,
        "it has more than {MAX_LINES} lines, which is the most that are read"
    );
    ensure!(
        column < MAX_COLUMNS,
        "line {} has more than {MAX_COLUMNS} columns, which is the most that are read",
        line + 1
    );
    ensure!(
        cell.len() <= MAX_CELL || cell.chars().count() <= MAX_CELL,
        "line {} has a cell of more than {MAX_CELL} characters; is a quotation mark not closed?",
        line + 1
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;
    use proptest::prelude::*;

    pub(super) fn grid(lines: &[&[&str]]) -> Grid {
        lines
            .iter()
            .map(|line| line.iter().map(|cell| (*cell).to_owned()).collect())
            .collect()
    }

    fn read_bytes(bytes: &[u8]) -> Result<Grid> {
        from_bytes(bytes.to_vec()).map(|(grid, _)| grid)
    }

    fn complaint(bytes: &[u8]) -> String {
        format!("{:#}", read_bytes(bytes).unwrap_err())
    }

    #[test]
    fn what_is_written_is_read_again_in_both_formats() {
        let written = grid(&[
            &["姓名", "手机"],
            &["张伟", "13800000001"],
            &["O'Neil, \"J\"", "两\n行"],
        ]);
        let folder = tempfile::tempdir().unwrap();
        for (name, format) in [("a.xlsx", Format::Workbook), ("a.csv", Format::Delimited)] {
            let path = folder.path().join(name);
            write(&path, "客户", &written, &grid(&[&["截至", "2026-05-03"]])).unwrap();
            assert_eq!(read(&path).unwrap(), (written.clone(), format), "{name}");
        }
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 2, "nothing lies beside them");
    }

    #[test]
    fn text_is_read_in_the_encodings_that_dealers_save() {
        let text = "姓名,手机\r\n张伟,13800000001\r\n";
        let expected = grid(&[&["姓名", "手机"], &["张伟", "13800000001"]]);
        let (gb, _, _) = GB18030.encode(text);
        assert_eq!(read_bytes(&gb).unwrap(), expected);
        assert_eq!(read_bytes(text.as_bytes()).unwrap(), expected);
        let marked = format!("\u{feff}{text}");
        assert_eq!(read_bytes(marked.as_bytes()).unwrap(), expected);
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_bytes(&utf16).unwrap(), expected);
    }

    #[test]
    fn text_in_no_known_encoding_is_refused_with_the_line() {
        let mut bytes = "姓名,手机\n张伟,1\n".as_bytes().to_vec();
        bytes.extend(b"\xff\xff\xff\n");
        let said = complaint(&bytes);
        assert!(said.contains("neither UTF-8 nor GB18030"), "{said}");
        assert!(said.contains("line 3"), "{said}");
    }

    #[test]
    fn bytes_that_no_text_has_are_refused() {
        assert!(complaint(b"a,b\n\x00\x01\x02").contains("line 2"));
        assert!(complaint(b"\x00\x01\x02").contains("line 1"));
        assert!(read_bytes(b"PK\x03\x04 but not a workbook").is_err());
        assert!(read_bytes(b"\xd0\xcf\x11\xe0 but not a workbook").is_err());
        assert_eq!(read_bytes(b"").unwrap(), Grid::new());
    }

    #[test]
    fn other_separators_are_told_from_commas() {
        let expected = grid(&[&["姓名", "手机"], &["张,伟", "1"]]);
        assert_eq!(
            read_bytes("姓名;手机\n张,伟;1".as_bytes()).unwrap(),
            expected
        );
        assert_eq!(
            read_bytes("姓名\t手机\n张,伟\t1".as_bytes()).unwrap(),
            expected
        );
    }

    #[test]
    fn lines_keep_the_numbers_that_people_see() {
        let expected = grid(&[&["标题"], &[], &[], &["姓名", "手\n机"], &["张伟", "1"]]);
        for end in ["\n", "\r\n"] {
            let text = ["标题", "", "", "姓名,\"手\n机\"", "张伟,1", ""].join(end);
            assert_eq!(read_bytes(text.as_bytes()).unwrap(), expected, "{end:?}");
        }
        let read = read_bytes(b"\n\na\n").unwrap();
        assert_eq!(read, grid(&[&[], &[], &["a"]]));
    }

    #[test]
    fn a_giant_cell_is_refused_with_its_line() {
        let mut bytes = b"a,b\n\"".to_vec();
        bytes.resize(2 << 20, b'x');
        assert!(complaint(&bytes).contains("line 2 has a cell of more than"));
    }

    #[test]
    fn a_million_columns_are_refused() {
        let bytes = vec![b','; 1_000_000];
        assert!(complaint(&bytes).contains("line 1 has more than 500 columns"));
    }

    #[test]
    fn a_million_lines_are_refused() {
        let bytes = b"a\n".repeat(1_000_000);
        assert!(complaint(&bytes).contains("more than 200000 lines"));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_even_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.csv");
        fs::File::create(&path)
            .unwrap()
            .set_len(MAX_BYTES + 1)
            .unwrap();
        let said = read(&path).unwrap_err().to_string();
        assert!(said.contains("are imported at once"), "{said}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_grid_comes_back_from_both_formats(
            lines in prop::collection::vec(
                prop::collection::vec("[^\\p{C}=+@＝＋－＠'-][^\\p{C}]{0,8}", 1..5), 1..6,
            ),
        ) {
            let folder = tempfile::tempdir().unwrap();
            // A line of a single empty cell would be no line; spreadsheets have rectangles.
            let width = lines.iter().map(Vec::len).max().unwrap_or(0);
            let mut written = lines;
            for line in &mut written {
                line.resize(width, "x".to_owned());
            }
            for name in ["a.xlsx", "a.csv"] {
                let path = folder.path().join(name);
                write(&path, "客户", &written, &[]).unwrap();
                prop_assert_eq!(&read(&path).unwrap().0, &written, "{}", name);
            }
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _read = read_bytes(&bytes);
        }

        #[test]
        fn no_damage_to_a_workbook_makes_the_reader_panic(
            cut in 0..6_000_usize,
            flips in prop::collection::vec((0..6_000_usize, any::<u8>()), 0..4),
        ) {
            let mut bytes = workbook::write("客户", &grid(&[&["姓名", "手机"], &["张伟", "1"]]), &[]).unwrap();
            for (place, byte) in flips {
                if let Some(at) = bytes.get_mut(place) {
                    *at = byte;
                }
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 200));
            let _read = read_bytes(&bytes);
        }
    }
}
