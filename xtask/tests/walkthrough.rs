//! `cargo xtask run` as a stranger meets it: every command of the walkthrough is run in bash as
//! it was printed, against the relay that the run became.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod live {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::path::Path;
    use std::process::{Child, ChildStderr, Command, Stdio};

    /// What stands before each command's output: the ASCII record separator.
    /// The cars of the walkthrough.
    const SOLD: [&str; 3] = [
        "ZZZAB1C27RA000101",
        "ZZZAB1C26SA000208",
        "ZZZAB1C2XTA000004",
    ];
    const SEPARATOR: char = '\u{1e}';

    /// A run that has become a relay; killed with the value.
    struct Run {
        process: Child,
        /// Kept open, so that the relay can go on logging.
        _log: BufReader<ChildStderr>,
        printed: String,
    }

    /// A command of the walkthrough and what it answered.
    struct Answered {
        command: String,
        answer: String,
    }

    impl Run {
        /// Starts `cargo xtask run` on a small demo group, and waits until it serves.
        fn start(data: &Path, listen: &str) -> Self {
            let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
            let programs = xtask.parent().unwrap();
            for program in ["forecourt", "forecourt-server"] {
                assert!(
                    programs.join(program).exists(),
                    "{program} is not built: cargo build --workspace --bins"
                );
            }
            let mut run = Command::new(xtask);
            run.args(["run", "--listen", listen, "--scale", "0.05"])
                .arg("--programs")
                .arg(programs)
                .arg("--data")
                .arg(data)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut process = run.spawn().unwrap();
            let mut printed = String::new();
            let mut out = BufReader::new(process.stdout.take().unwrap());
            while !(printed.lines().last()).is_some_and(|line| line.contains(" serve --listen ")) {
                assert_ne!(out.read_line(&mut printed).unwrap(), 0, "{printed}");
            }
            let mut log = BufReader::new(process.stderr.take().unwrap());
            let mut logged = String::new();
            while !logged.contains("serving") {
                assert_ne!(log.read_line(&mut logged).unwrap(), 0, "{logged}");
            }
            Self {
                process,
                _log: log,
                printed,
            }
        }

        /// Where the relay listens, as it says.
        fn address(&self) -> String {
            let (_, after) = self.printed.split_once("http://").unwrap();
            after.split_whitespace().next().unwrap().to_owned()
        }

        /// Runs every printed command in one bash, as a person would paste them.
        fn play(&self) -> Vec<Answered> {
            let commands: Vec<&str> = self
                .printed
                .lines()
                .filter_map(|line| line.strip_prefix("    "))
                .collect();
            let mut script = String::from("set -eu\n");
            for command in &commands {
                script.push_str(&format!("printf '\\036'\n{command}\n"));
            }
            let mut bash = Command::new("bash")
                .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = bash.stdin.take().unwrap();
            stdin.write_all(script.as_bytes()).unwrap();
            drop(stdin);
            let output = bash.wait_with_output().unwrap();
            assert!(output.status.success(), "{script}\n{output:?}");
            let answers = String::from_utf8(output.stdout).unwrap();
            let answers = answers.split(SEPARATOR).skip(1);
            let answered: Vec<Answered> = commands
                .iter()
                .zip(answers)
                .map(|(command, answer)| Answered {
                    command: (*command).to_owned(),
                    answer: answer.to_owned(),
                })
                .collect();
            assert_eq!(answered.len(), commands.len());
            answered
        }
    }

    impl Drop for Run {
        fn drop(&mut self) {
            // It may have ended by itself, and then the test fails for another reason.
            let _ended = self.process.kill();
            let _code = self.process.wait();
        }
    }

    /// The answers to the commands that begin so, in the order in which they were typed.
    fn answers<'a>(answered: &'a [Answered], command: &str) -> Vec<&'a str> {
        let found: Vec<&str> = answered
            .iter()
            .filter(|one| one.command.starts_with(command))
            .map(|one| one.answer.as_str())
            .collect();
        assert!(!found.is_empty(), "nobody is told to type {command}");
        found
    }

    /// The cells of a table below its head.
    fn cells(table: &str) -> Vec<Vec<&str>> {
        let rows = table.lines().skip(1);
        rows.map(|row| row.split_whitespace().collect()).collect()
    }

    #[test]
    fn what_the_walkthrough_prints_can_be_typed_and_shows_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::start(folder.path(), "127.0.0.1:0");

        let answered = run.play();

        let of = |command| answers(&answered, command);
        assert!(of("lina enrol")[0].contains("李娜"));
        assert!(of("wangqiang enrol")[0].contains("王强"));
        let found = cells(of("lina show customer_search")[0]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0][..2], ["张伟", "李娜"]);
        let found = cells(of("lina show vehicle_search")[0]);
        assert_eq!(found[0][0], "ZZZAB1C26SA000208");
        assert_eq!(found[0].last(), Some(&"available"));

        let lists: Vec<_> = of("lina show claim_list --table")
            .into_iter()
            .map(cells)
            .collect();
        // Cars that the demo's 李娜 had sold before are hers as well.
        let states = |list: &[Vec<&str>]| -> Vec<String> {
            let sold = list.iter().filter(|row| SOLD.contains(&row[0]));
            let states = sold.filter_map(|row| row.last());
            states.map(|state| (*state).to_owned()).collect()
        };
        assert_eq!(states(&lists[0]), ["provisional"], "before she syncs");
        assert_eq!(states(&lists[1]), ["confirmed"], "after");
        assert_eq!(
            states(&lists[2]),
            ["confirmed", "provisional", "provisional"],
            "offline"
        );
        let seen = cells(of("wangqiang show claim_list vehicle=$V2")[0]);
        assert_eq!(seen[0][1..], ["locked", "李娜", "hard", "confirmed"]);
        let unsent = cells(of("lina show sync_status")[0]);
        assert_eq!(unsent[0], ["李娜的平板", "2"]);

        for command in [
            "lina show claim_list vehicle=$V3",
            "wangqiang show claim_list vehicle=$V3",
        ] {
            let seen = cells(of(command)[0]);
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0][1..], ["locked", "李娜", "confirmed"], "{command}");
        }
        let sold_twice = cells(of("lina show claim_list vehicle=$V1")[0]);
        assert_eq!(sold_twice.len(), 2);
        assert!(sold_twice.iter().all(|row| row[1] == "disputed"));
        let (hers, his) = (of("lina show cases")[0], of("wangqiang show cases")[0]);
        assert_eq!(hers, his, "one case, the same on both");
        assert!(hers.contains("double_vin"), "{hers}");
        assert!(hers.contains("ZZZAB1C27RA000101"), "{hers}");
        assert!(hers.contains("李娜, 王强  李娜 "), "{hers}");

        let address = run.address();
        drop(run);
        let again = Run::start(folder.path(), &address);
        assert!(again.printed.contains("is in"), "{}", again.printed);
        let answered = again.play();
        assert!(answers(&answered, "lina sync")[0].contains("\"unsent\":0"));
    }
}
