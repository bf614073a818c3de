//! The program as it is started: what it says where it cannot do what was asked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod live {
    use std::process::{Command, Output};

    fn forecourt(arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_forecourt"))
            .args(arguments)
            .output()
            .unwrap()
    }

    #[test]
    fn a_file_that_cannot_be_read_is_one_line_of_complaint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("customers.csv");
        std::fs::write(&file, b"\xff\xff\xff").unwrap();
        for path in [file, folder.path().join("nowhere.xlsx")] {
            let said = forecourt(&["import", "customers", path.to_str().unwrap()]);
            assert!(!said.status.success());
            assert!(said.stdout.is_empty());
            let complaint = String::from_utf8(said.stderr).unwrap();
            assert_eq!(complaint.lines().count(), 1, "{complaint}");
            assert!(complaint.starts_with("forecourt: "), "{complaint}");
        }
    }

    #[test]
    fn a_rule_that_is_none_is_refused_with_those_that_are() {
        let said = forecourt(&["import", "customers", "x.csv", "--duplicates", "guess"]);
        let complaint = String::from_utf8(said.stderr).unwrap();
        assert!(
            complaint.contains("skip, fill-blanks, overwrite, create-and-mark"),
            "{complaint}"
        );
    }
}
