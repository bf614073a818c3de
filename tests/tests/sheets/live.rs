//! The program itself: files in, JSON out, files out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

use super::found;

/// A folder with a replica of a person's, and the program.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn of(name: &'static str) -> Self {
        let mut network = found();
        let device = network.enrol(name);
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup");
        network
            .replica(device)
            .backup(&backup, &mut |_| {})
            .unwrap();
        let desk = Self { folder };
        let restored = desk.run(&["restore", backup.to_str().unwrap()]);
        assert!(restored.status.success(), "{restored:?}");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(program())
            .arg("--replica")
            .arg(self.path("replica"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs the program on a file, and gives the lines that it said.
    fn on(&self, arguments: &[&str], file: &Path) -> (Vec<Json>, Output) {
        let mut arguments = arguments.to_vec();
        arguments.push(file.to_str().unwrap());
        let output = self.run(&arguments);
        let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
        let lines = lines.map(|line| serde_json::from_str(line).unwrap());
        (lines.collect(), output)
    }
}

/// The native client, built beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let program = folder.join(format!("forecourt{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "build it first: cargo build --workspace --bins --locked"
    );
    program
}

const SHEET: &str =
    "客户名单\n\n姓名,手机,性别\n张伟,13800000001,男\n李四,1.38E+10,\n王五,,男孩\n,13800000002,\n";

const ERRORS: &str = "\u{feff}姓名,手机,性别,导入失败原因
李四,1.38E+10,,\"手机: \"\"1.38E+10\"\" is no phone: a spreadsheet cut the number off: format the column as text and enter it again\"
王五,,男孩,\"手机: the cell is empty; 性别: \"\"男孩\"\" is none of 男、女、未知\"
";

#[test]
fn a_sheet_is_previewed_imported_imported_again_and_taken_back() {
    let desk = Desk::of("陈刚");
    let file = desk.put("customers.csv", SHEET.as_bytes());

    let (preview, _) = desk.on(&["import", "customers", "--dry-run"], &file);
    assert_eq!(preview.len(), 5, "four rows and the summary");
    assert!(!desk.path("customers.errors.csv").exists());

    let (lines, output) = desk.on(&["import", "customers"], &file);
    assert!(
        !output.status.success(),
        "there are rows that were not taken"
    );
    let verdicts: Vec<_> = lines[..4]
        .iter()
        .map(|line| line["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["new", "error", "error", "new"]);
    let summary = &lines[4];
    assert_eq!(summary["summary"]["new"], 2);
    assert_eq!(summary["summary"]["error"], 2);
    let errors = fs::read_to_string(desk.path("customers.errors.csv")).unwrap();
    assert_eq!(errors, ERRORS);

    let corrected = errors
        .replace("1.38E+10,", "13800000003,")
        .replace("王五,,男孩", "王五,13800000004,男");
    let corrected = desk.put("corrected.csv", corrected.as_bytes());
    let (lines, output) = desk.on(&["import", "customers"], &corrected);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(lines[2]["summary"]["new"], 2);

    let (again, _) = desk.on(&["import", "customers"], &file);
    assert_eq!(again[4]["summary"]["unchanged"], 2);
    assert_eq!(again[4]["import"], summary["import"]);

    let undone = desk.run(&["import", "undo", summary["import"].as_str().unwrap()]);
    assert!(undone.status.success(), "{undone:?}");
    let said = String::from_utf8(undone.stdout).unwrap();
    let last: Json = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(last["deleted"], 2);
    let verified = desk.run(&["verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn what_is_exported_to_either_format_imports_without_a_change() {
    let desk = Desk::of("陈刚");
    let sheet = "姓名,手机,备注\n=1+1,13800000001,'+1\n-张伟,13800000002,@a\n";
    let file = desk.put("customers.csv", sheet.as_bytes());
    let (_, output) = desk.on(&["import", "customers"], &file);
    assert!(output.status.success(), "{output:?}");
    for name in ["out.xlsx", "out.csv"] {
        let out = desk.path(name);
        let (said, output) = desk.on(&["export", "customers", "--reason", "核对"], &out);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(said[0]["rows"], 2);
        assert_eq!(said[0]["notes"]["原因"], "核对");
        for rule in ["skip", "fill-blanks", "overwrite"] {
            let (lines, output) = desk.on(&["import", "customers", "--duplicates", rule], &out);
            assert!(output.status.success(), "{output:?}");
            assert_eq!(
                lines[2]["summary"]["unchanged"], 2,
                "{name} {rule}: {lines:#?}"
            );
        }
    }
    let text = fs::read_to_string(desk.path("out.csv")).unwrap();
    assert!(
        text.contains("'=1+1,") && text.contains("'-张伟,"),
        "{text}"
    );
}

#[test]
fn text_of_the_old_encoding_is_read_and_what_cannot_be_mapped_is_refused() {
    let desk = Desk::of("李娜");
    // 姓名,手机 and 张伟 in GB18030.
    let mut bytes = vec![0xd0, 0xd5, 0xc3, 0xfb, b',', 0xca, 0xd6, 0xbb, 0xfa, b'\n'];
    bytes.extend([0xd5, 0xc5, 0xce, 0xb0]);
    bytes.extend(b",13800000001\n");
    let file = desk.put("customers.csv", &bytes);
    let (lines, output) = desk.on(&["import", "customers"], &file);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(lines[0]["verdict"], "new");

    let unmapped = desk.put("unmapped.csv", "车主,电话\n王五,13800000003\n".as_bytes());
    let (_, output) = desk.on(&["import", "customers"], &unmapped);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("姓名"));
    let (lines, _) = desk.on(&["import", "customers", "--map", "车主=name"], &unmapped);
    assert_eq!(lines[0]["verdict"], "new");
    let (lines, _) = desk.on(&["import", "customers"], &unmapped);
    assert_eq!(lines[0]["verdict"], "unchanged");
    assert_eq!(lines[1]["columns"][0]["remembered"], true);
}

/// Prints how long it takes; `--run-ignored all --no-capture` shows it.
#[test]
#[ignore = "a measurement"]
fn five_thousand_customers_are_imported_and_exported() {
    let desk = Desk::of("陈刚");
    let mut sheet = "姓名,手机,性别,客户来源,意向车系,意向级别,预算,下次跟进,备注\n".to_owned();
    for number in 0..5_000 {
        sheet += &format!(
            "客户{number},139{number:08},男,转介绍,汉,A,15-20万,2026-12-01,看车{number}\n"
        );
    }
    let file = desk.put("customers.csv", sheet.as_bytes());
    for arguments in [
        &["import", "customers", "--dry-run"][..],
        &["import", "customers"],
        &["import", "customers"],
        &["export", "customers", "--reason", "核对"],
    ] {
        let path = match arguments[0] {
            "export" => desk.path("out.xlsx"),
            _ => file.clone(),
        };
        let began = std::time::Instant::now();
        let (_, output) = desk.on(arguments, &path);
        println!("{arguments:?}: {:?}", began.elapsed());
        assert!(output.status.success(), "{output:?}");
    }
}
