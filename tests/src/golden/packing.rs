//! Databases as compressed files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Packs a file.
pub fn pack(from: &Path, into: &Path) {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let bytes = fs::read(from).expect("a file");
    encoder.write_all(&bytes).expect("memory");
    fs::write(into, encoder.finish().expect("memory")).expect("a file");
}

/// Unpacks a file.
pub fn unpack(from: &Path, into: &Path) {
    let packed = fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let mut bytes = Vec::new();
    let read = DeflateDecoder::new(packed.as_slice()).read_to_end(&mut bytes);
    read.expect("a packed file");
    fs::write(into, bytes).expect("a file");
}
