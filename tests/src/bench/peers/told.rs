//! What the ends of a peer are told.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What an end is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// A client: be connected, and answer when the server's documents are here, and where there
    /// is an end of syncing, at the end.
    Sync {
        /// What must be here then.
        expect: Expected,
    },
    /// A client: close the connection.
    Leave,
    /// A client: make edits, one after the other.
    Edit {
        /// Which.
        edit: Edit,
    },
    /// Either: answer when everything expected is here.
    Hold {
        /// What.
        expect: Expected,
    },
}

/// What an end is expected to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// At least so many documents.
    pub documents: usize,
    /// And these edits.
    pub edit: Option<Edit>,
}

/// The documents numbered from `from` are to have a remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The first of them.
    pub from: usize,
    /// How many there are.
    pub count: usize,
    /// The remark.
    pub text: String,
}

impl Edit {
    /// The numbers of the documents.
    pub const fn numbers(&self) -> Range<usize> {
        self.from..self.from + self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_the_drivers_read_it() {
        let edit = Edit {
            from: 3,
            count: 2,
            text: "好".to_owned(),
        };
        let expect = Expected {
            documents: 9,
            edit: Some(edit.clone()),
        };
        assert_eq!(edit.numbers().collect::<Vec<_>>(), [3, 4]);
        assert_eq!(
            serde_json::to_string(&Command::Sync { expect }).unwrap(),
            r#"{"do":"sync","expect":{"documents":9,"edit":{"from":3,"count":2,"text":"好"}}}"#
        );
        assert_eq!(
            serde_json::to_string(&Command::Leave).unwrap(),
            r#"{"do":"leave"}"#
        );
    }
}
