//! Fuzzes `backup`: see `tests/src/fuzzing.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stories::fuzzing::run("backup", bytes));
