//! Text with separators: csv as spreadsheets and other dealers' systems write it.

use anyhow::{Result, bail};
use csv::{QuoteStyle, Reader, ReaderBuilder, WriterBuilder};
use encoding_rs::{Encoding, GB18030, UTF_8};

use super::{Grid, check};

/// What may stand between cells.
const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads text in UTF-8, UTF-16 (with its mark) or GB18030.
pub(super) fn read(bytes: &[u8]) -> Result<Grid> {
    let text = decode(bytes)?;
    if let Some(place) = text.find('\0') {
        bail!(
            "line {} holds bytes that no text has",
            line_at(text.as_bytes(), place)
        );
    }
    let mut reader = reader(&text, separator(&text));
    let mut grid = Grid::new();
    for record in reader.records() {
        let record = record?;
        // Empty lines count, so that the numbers that people are told are those they see; lines
        // within a cell do not.
        let start = record.position().map_or(0, |position| position.byte());
        let blank = blank_lines(text.as_bytes(), usize::try_from(start)?);
        grid.resize(grid.len() + blank, Vec::new());
        let cells: Vec<&str> = record.iter().collect();
        for (place, cell) in cells.iter().enumerate() {
            check(grid.len(), place, cell)?;
        }
        grid.push(cells.into_iter().map(str::to_owned).collect());
    }
    Ok(grid)
}

/// Writes UTF-8 with a byte order mark, without which spreadsheets take it for GBK.
///
/// Where cells hold so many semicolons that a reader would take those for what separates, all text
/// is put in quotes: there they separate nothing.
pub(super) fn write(grid: &[Vec<String>]) -> Result<Vec<u8>> {
    let text = written(grid, QuoteStyle::Necessary)?;
    let text = match separator(&text) {
        b',' => text,
        _ => written(grid, QuoteStyle::NonNumeric)?,
    };
    Ok([MARK, text.as_bytes()].concat())
}

fn written(grid: &[Vec<String>], quotes: QuoteStyle) -> Result<String> {
    let mut writer = WriterBuilder::new()
        .flexible(true)
        .quote_style(quotes)
        .from_writer(Vec::new());
    for line in grid {
        writer.write_record(line.iter().map(|cell| guarded(cell)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn decode(bytes: &[u8]) -> Result<String> {
    let (encoding, text) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        None => (GB18030, bytes),
    };
    match encoding.decode_without_bom_handling_and_without_replacement(text) {
        Some(text) => Ok(text.into_owned()),
        None => bail!(
            "line {} is neither UTF-8 nor GB18030: save the file as one of them, or as xlsx",
            line_at(text, first_fault(encoding, text))
        ),
    }
}

/// How many empty lines the reader passes over from a place on.
fn blank_lines(text: &[u8], start: usize) -> usize {
    let mut rest = text.get(start..).unwrap_or_default();
    // The second half of the line end before.
    if start > 0 && text.get(start - 1) == Some(&b'\r') {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut blank = 0;
    loop {
        let ends: [&[u8]; 3] = [b"\r\n", b"\n", b"\r"];
        match ends.iter().find_map(|end| rest.strip_prefix(*end)) {
            Some(after) => rest = after,
            None => return blank,
        }
        blank += 1;
    }
}

/// Where the first byte stands that an encoding cannot read.
fn first_fault(encoding: &'static Encoding, text: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut scratch = [0_u8; 4_096];
    let mut read = 0;
    loop {
        let rest = text.get(read..).unwrap_or_default();
        let (result, taken, _) =
            decoder.decode_to_utf8_without_replacement(rest, &mut scratch, true);
        read += taken;
        match result {
            encoding_rs::DecoderResult::OutputFull => {}
            encoding_rs::DecoderResult::Malformed(length, after) => {
                return read.saturating_sub(usize::from(length) + usize::from(after));
            }
            encoding_rs::DecoderResult::InputEmpty => return read,
        }
    }
}

/// The line of a byte, the first being 1.
fn line_at(text: &[u8], place: usize) -> usize {
    let before = text.get(..place).unwrap_or(text);
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The separator that parts most cells of the first records; one that leaves each quote at the edge
/// of a cell goes before one that does not.
fn separator(text: &str) -> u8 {
    let mut best = (b',', (false, 0));
    for candidate in SEPARATORS {
        let parted = parted(text.as_bytes(), candidate);
        if parted > best.1 {
            best = (candidate, parted);
        }
    }
    best.0
}

/// Whether a separator parts cells in the first records and each quote opens or closes one of them
/// (RFC 4180, 2), and how many times it parts them.
fn parted(text: &[u8], separator: u8) -> (bool, usize) {
    let (mut records, mut parts, mut is_clean) = (0, 0, true);
    let mut place = Place::Line;
    for byte in text {
        place = match (place, *byte) {
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) | (Place::Closed, b'"') => Place::Quoted,
            (_, byte) if byte == separator => {
                parts += 1;
                Place::Cell
            }
            (Place::Line, b'\r' | b'\n') => Place::Line,
            (_, b'\r' | b'\n') => {
                records += 1;
                if records == 10 {
                    break;
                }
                Place::Line
            }
            (Place::Line | Place::Cell, b'"') => Place::Quoted,
            (Place::Line | Place::Cell, _) => Place::Plain,
            (Place::Plain | Place::Closed, byte) => {
                is_clean &= byte != b'"' && place != Place::Closed;
                Place::Plain
            }
        };
    }
    (is_clean && parts > 0, parts)
}

/// Where a byte of such text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where a line begins.
    Line,
    /// Where a cell begins within a line.
    Cell,
    /// In a cell without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes, or is the first of two that stand for one.
    Closed,
}

fn reader(text: &str, separator: u8) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

/// A cell that a spreadsheet would run as a formula, made text by an apostrophe (OWASP ASVS
/// 1.2.10), which reading drops again; negative numbers stay as they are.
fn guarded(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let is_number = cell.parse::<f64>().is_ok_and(f64::is_finite);
    if risky && !(cell.starts_with('-') && is_number) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::grid;
    use super::*;

    #[test]
    fn a_formula_is_exported_as_text() {
        let written = grid(&[&[
            "=1+1", "+86138", "-5", "-x", "@x", "\tx", "\rx", "＝1", "a=b", "",
        ]]);
        let bytes = write(&written).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(
            text,
            "\u{feff}'=1+1,'+86138,-5,'-x,'@x,'\tx,\"'\rx\",'＝1,a=b,\n"
        );
    }

    #[test]
    fn what_stands_in_quotes_separates_nothing() {
        let written = grid(&[&["姓名;电话;备注"], &["a;b\tc"]]);
        assert_eq!(read(&write(&written).unwrap()).unwrap(), written);
        let foreign = "name;size\n\"a,b,c,d\";3\" disc\n";
        let cells = read(foreign.as_bytes()).unwrap();
        assert_eq!(cells, grid(&[&["name", "size"], &["a,b,c,d", "3\" disc"]]));
    }

    #[test]
    fn a_cell_of_many_lines_does_not_say_what_separates() {
        let written = grid(&[&["a", "b"], &["=1+1", ",-5\n;b\n=1+1;'+2\n1\n;"]]);
        assert_eq!(
            read(&write(&written).unwrap()).unwrap(),
            [
                grid(&[&["a", "b"]]).remove(0),
                grid(&[&["'=1+1", ",-5\n;b\n=1+1;'+2\n1\n;"]]).remove(0),
            ]
        );
    }

    #[test]
    fn a_fault_is_found_where_it_stands() {
        let mut bytes = vec![b'x'; 9_000];
        bytes.extend(b"\n\xff\xff");
        assert_eq!(first_fault(GB18030, &bytes), 9_001);
    }
}
