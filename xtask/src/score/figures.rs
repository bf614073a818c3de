//! What is measured, by which program, in which form.

/// A figure.
pub(super) struct Figure {
    /// By what name it is asked for.
    pub(super) name: &'static str,
    /// What it says.
    pub(super) about: &'static str,
    /// The program of the tests' package that measures it.
    pub(super) program: &'static str,
    /// The words that choose it among what the program measures; none if there is nothing else.
    pub(super) subcommand: &'static [&'static str],
    /// The arguments of the short form, and of the one that is published.
    pub(super) quick: &'static str,
    pub(super) full: &'static str,
}

/// Every figure, in the order in which they are measured and shown.
pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "powerloss",
        about: "power cuts under the databases of relays and devices",
        program: "faults",
        subcommand: &["powerloss"],
        quick: "powerloss --cuts 10000",
        full: "powerloss --cuts 1000000",
    },
    Figure {
        name: "ioerr",
        about: "disks that fail at an operation of a scenario: once, for good, for want of room",
        program: "faults",
        subcommand: &["ioerr"],
        quick: "ioerr --every 7",
        full: "ioerr --every 1",
    },
];

impl Figure {
    /// The arguments of a form.
    pub(super) const fn arguments(&self, quick: bool) -> &'static str {
        if quick { self.quick } else { self.full }
    }
}
