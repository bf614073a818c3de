//! What the program `forecourt` is made of that others may look at: its reader and writer of
//! spreadsheet files, which take bytes from anywhere and are fuzzed.

pub mod grid;
