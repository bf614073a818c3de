//! A test waits for an event, never for time to pass.

use super::Problem;
use crate::source_tree::{SourceTree, code_lines};

const SLEEPS: [&str; 2] = [concat!("thread::", "sleep"), concat!("time::", "sleep")];

/// No test calls a sleep.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(&[".rs"]) {
        for line in code_lines(path, text).filter(|line| line.in_test) {
            if SLEEPS.iter().any(|sleep| line.text.contains(sleep)) {
                let message = "a test waits for an event, never for time to pass";
                problems.push(Problem::at_line(path, line.number, message));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    const SLEEP: &str = concat!("    std::thread::", "sleep(SECOND);\n");

    fn found(path: &str, text: &str) -> Vec<String> {
        shown(&check(&SourceTree::of([(path, text)])))
    }

    #[test]
    fn a_sleep_in_a_unit_test_is_found() {
        let text = format!("fn run() {{}}\n#[cfg(test)]\nmod tests {{\n{SLEEP}}}\n");

        assert_eq!(
            found("a/src/b.rs", &text),
            ["a/src/b.rs:4: a test waits for an event, never for time to pass"]
        );
    }

    #[test]
    fn a_sleep_of_the_runtime_in_a_test_of_its_own_file_is_found() {
        let text = concat!("async fn wait() { tokio::time::", "sleep(SECOND).await }\n");

        assert_eq!(found("a/tests/b.rs", text).len(), 1);
    }

    #[test]
    fn a_drivers_timer_outside_tests_is_not_this_rules_business() {
        assert!(found("a/src/driver.rs", SLEEP).is_empty());
    }
}
