//! What to type in a second terminal: from enrolling two devices to a car that
//! both sold offline.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;

/// Salespeople of the demo group whom the reader enrols as, each with what the
/// shell calls them.
pub(super) const SALESPEOPLE: [(&str, &str); 2] = [("李娜", "lina"), ("王强", "wangqiang")];

/// The steps, with places for what only a run knows. Commands are indented by
/// four spaces: a test runs them as they stand here.
const STEPS: &str = include_str!("walkthrough.txt");

/// What is said where the devices are enrolled already.
const GOING_ON: &str = include_str!("going_on.txt");

/// What a run knows.
pub(super) struct Walkthrough {
    /// The client's program, as typed in the workspace's root.
    pub(super) program: PathBuf,
    /// The folder for the replicas.
    pub(super) replicas: PathBuf,
    pub(super) relay: SocketAddr,
    /// What the relay's folder says of the demo: `demo.json`.
    pub(super) label: Json,
}

impl Walkthrough {
    /// The steps from enrolling on; `code` gives a code for a salesperson.
    ///
    /// # Errors
    /// When a code cannot be had or the demo knows nothing by a name of the text.
    pub(super) fn steps(&self, code: impl Fn(&str) -> Result<String>) -> Result<String> {
        self.filled_in(STEPS, code)
    }

    /// How devices that are enrolled go on.
    ///
    /// # Errors
    /// None but those of a text that asks for more than a folder and an address.
    pub(super) fn going_on(&self) -> Result<String> {
        self.filled_in(GOING_ON, |name| bail!("{name} is enrolled"))
    }

    /// The replica of a salesperson.
    pub(super) fn replica(&self, handle: &str) -> PathBuf {
        self.replicas.join(handle)
    }

    /// A text with what stands between two `%` replaced by what it stands for.
    fn filled_in(&self, text: &str, code: impl Fn(&str) -> Result<String>) -> Result<String> {
        let mut filled = String::new();
        for (index, part) in text.split('%').enumerate() {
            if index % 2 == 0 {
                filled.push_str(part);
                continue;
            }
            match part.split_once(' ').unwrap_or((part, "")) {
                ("URL", _) => write!(filled, "http://{}", self.relay)?,
                ("FUNCTIONS", _) => filled.push_str(&self.functions()),
                ("CODE", handle) => filled.push_str(&code(name_of(handle)?)?),
                ("DEAL", name) => filled.push_str(self.known(&["deals", name])?),
                ("CAR", name) => filled.push_str(self.known(&["cars", name, "vehicle"])?),
                (other, _) => bail!("the walkthrough asks for {other}"),
            }
        }
        Ok(filled)
    }

    /// A shell function for each salesperson, that runs the client on their replica.
    fn functions(&self) -> String {
        let width = SALESPEOPLE.iter().map(|(_, handle)| handle.len()).max();
        let mut functions = String::new();
        for (_, handle) in SALESPEOPLE {
            let call = format!("{handle}()");
            let width = width.unwrap_or(0) + 2;
            let program = shown(&self.program);
            let replica = shown(&self.replica(handle));
            functions.push_str(&format!(
                "    {call:width$} {{ {program} --replica {replica} \"$@\"; }}\n"
            ));
        }
        functions
    }

    /// The id of a document that the walkthrough uses.
    fn known(&self, path: &[&str]) -> Result<&str> {
        let known = std::iter::once(&"known")
            .chain(path)
            .try_fold(&self.label, |value, name| value.get(name));
        known
            .and_then(Json::as_str)
            .with_context(|| format!("the demo knows nothing by the name {}", path.join(" ")))
    }
}

fn name_of(handle: &str) -> Result<&'static str> {
    let found = SALESPEOPLE.iter().find(|(_, known)| *known == handle);
    let (name, _) = found.with_context(|| format!("{handle} is no salesperson"))?;
    Ok(name)
}

/// A path as a shell takes it.
fn shown(path: &Path) -> String {
    crate::process::quoted(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn walkthrough() -> Walkthrough {
        let id = "0199f000-0000-7000-8000-000000000001";
        let car = json!({ "vehicle": id, "vin": "ZZZAB1C27RA000101" });
        Walkthrough {
            program: PathBuf::from("target/debug/forecourt"),
            replicas: PathBuf::from("/tmp/two words"),
            relay: SocketAddr::from(([127, 0, 0, 1], 8080)),
            label: json!({ "known": {
                "deals": { "zhangwei": id, "zhoulin": id, "zhaolei": id, "liuyang": id },
                "cars": { "v1": car, "v2": car, "v3": car },
            }}),
        }
    }

    #[test]
    fn each_person_is_enrolled_with_the_code_made_for_them() {
        let text = walkthrough()
            .steps(|name| Ok(format!("CODE-{name}")))
            .unwrap();

        assert!(text.contains("lina enrol --server http://127.0.0.1:8080 --code CODE-李娜 "));
        assert!(text.contains("wangqiang enrol --server http://127.0.0.1:8080 --code CODE-王强 "));
    }

    #[test]
    fn no_place_is_left_empty_and_paths_are_quoted() {
        let walkthrough = walkthrough();
        for text in [
            walkthrough.steps(|_| Ok("A".to_owned())).unwrap(),
            walkthrough.going_on().unwrap(),
        ] {
            assert!(!text.contains('%'), "{text}");
            assert!(
                text.contains("--replica '/tmp/two words/lina' \"$@\""),
                "{text}"
            );
        }
    }

    #[test]
    fn a_demo_that_lacks_a_car_is_no_walkthrough() {
        let walkthrough = Walkthrough {
            label: json!({}),
            ..walkthrough()
        };
        assert!(walkthrough.steps(|_| Ok("A".to_owned())).is_err());
    }
}
