//! What to type in a second terminal, from enrolling to a claim that was made
//! offline and is confirmed.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// A salesperson whom the reader can enrol as.
pub(super) struct Person {
    pub(super) name: &'static str,
    /// What the shell function for this person is called.
    pub(super) handle: &'static str,
    /// The code that enrols one device, once.
    pub(super) code: String,
}

/// The commands, for the programs and the relay of this run.
pub(super) struct Walkthrough {
    /// The client's program.
    pub(super) program: PathBuf,
    /// The folder for the replicas.
    pub(super) replicas: PathBuf,
    pub(super) relay: SocketAddr,
    pub(super) people: Vec<Person>,
}

impl fmt::Display for Walkthrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "The relay will listen on http://{}; Ctrl-C ends it.",
            self.relay
        )?;
        writeln!(
            f,
            "In a second terminal, in the project's folder, enrol two devices:\n"
        )?;
        for person in &self.people {
            let Person { name, handle, code } = person;
            let program = self.program.display();
            let replica = self.replicas.join(handle);
            let replica = replica.display();
            writeln!(f, "  # {name}")?;
            writeln!(
                f,
                "  {handle}() {{ {program} --replica {replica} \"$@\"; }}"
            )?;
            writeln!(
                f,
                "  {handle} enrol --server http://{} --code {code} && {handle} sync\n",
                self.relay
            )?;
        }
        match self.people.first() {
            Some(person) => f.write_str(&STEPS.replace("WHO", person.handle)),
            None => Ok(()),
        }
    }
}

/// `WHO` stands for the first person's shell function.
const STEPS: &str = r#"Search by pinyin; find a deal of WHO's own and two cars that nobody has:

  WHO show customer_search '{"query": "zhangwei"}'
  WHO show deal_list '{"state": "open"}'
  WHO show vehicle_list '{"status": ["available"]}'

Claim a car for the deal (put in the ids), and see the relay confirm it:

  DEAL=…  CAR=…  OTHER=…
  WHO do claim_vehicle "{\"deal\": \"$DEAL\", \"vehicle\": \"$CAR\", \"strength\": \"hard\"}"
  WHO sync && WHO show vehicle_detail "{\"vehicle\": \"$CAR\"}"

Go offline: end the relay with Ctrl-C. Claim the other car; it is saved, and provisional:

  WHO do claim_vehicle "{\"deal\": \"$DEAL\", \"vehicle\": \"$OTHER\", \"strength\": \"hard\"}"
  WHO status && WHO show vehicle_detail "{\"vehicle\": \"$OTHER\"}"

Come back: start the relay again with `cargo xtask run`, and see it confirmed:

  WHO sync && WHO show vehicle_detail "{\"vehicle\": \"$OTHER\"}"

`WHO commands` and `WHO views` list everything else.
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> String {
        let people = [("李娜", "lina", "A1"), ("王强", "wangqiang", "B2")];
        let walkthrough = Walkthrough {
            program: PathBuf::from("target/debug/forecourt"),
            replicas: PathBuf::from(".forecourt"),
            relay: SocketAddr::from(([127, 0, 0, 1], 8080)),
            people: people
                .map(|(name, handle, code)| Person {
                    name,
                    handle,
                    code: code.to_owned(),
                })
                .into(),
        };
        walkthrough.to_string()
    }

    #[test]
    fn each_person_is_enrolled_with_the_code_made_for_them() {
        let text = shown();

        assert!(text.contains("lina enrol --server http://127.0.0.1:8080 --code A1 "));
        assert!(text.contains("wangqiang enrol --server http://127.0.0.1:8080 --code B2 "));
    }

    #[test]
    fn no_placeholder_is_left() {
        assert!(!shown().contains("WHO"));
    }
}
