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
    Figure {
        name: "kill9",
        about: "processes killed at points of a seed's choice, while they save, sync, serve and start",
        program: "drill",
        subcommand: &["kill9"],
        quick: "kill9 --rounds 60",
        full: "kill9 --rounds 2000",
    },
    Figure {
        name: "proxy",
        about: "edits saved at both sides of a network that misbehaves, plain and under TLS",
        program: "drill",
        subcommand: &["proxy"],
        quick: "proxy --rounds 4",
        full: "proxy --rounds 100",
    },
    Figure {
        name: "restore",
        about: "edits that came back to a relay restored from an older backup, under load",
        program: "drill",
        subcommand: &["restore"],
        quick: "restore --rounds 5",
        full: "restore --rounds 200",
    },
    Figure {
        name: "siege",
        about: "the p99 of an edit's way under the worst attack, in % of what it was before",
        program: "drill",
        subcommand: &["siege"],
        quick: "siege --quick",
        full: "siege",
    },
    Figure {
        name: "hold",
        about: "devices that hold their connections while two of them work",
        program: "drill",
        subcommand: &["hold"],
        quick: "hold --quick",
        full: "hold",
    },
    Figure {
        name: "golden",
        about: "versions whose databases and transcripts are read and answered",
        program: "drill",
        subcommand: &["golden"],
        quick: "golden",
        full: "golden",
    },
    Figure {
        name: "fuzz-replay",
        about: "inputs that fuzzers begin with or found, tried again",
        program: "drill",
        subcommand: &["corpus"],
        quick: "corpus",
        full: "corpus",
    },
    Figure {
        name: "sim",
        about: "whole groups in virtual time, on disks, networks and clocks that fail",
        program: "simulate",
        subcommand: &[],
        quick: "--seeds 100",
        full: "--seeds 10000 --log target/simulator.jsonl",
    },
    Figure {
        name: "sim-meta",
        about: "whether a seed of the simulator gives the same trace twice",
        program: "simulate",
        subcommand: &["--twice"],
        quick: "--twice --seeds 20",
        full: "--twice --seeds 1000",
    },
    Figure {
        name: "teeth",
        about: "bugs that are planted around the product and found by the simulator",
        program: "simulate",
        subcommand: &["--teeth"],
        quick: "--teeth --tries 1",
        full: "--teeth --tries 9 --table docs/teeth.md",
    },
];

impl Figure {
    /// The arguments of a form.
    pub(super) const fn arguments(&self, quick: bool) -> &'static str {
        if quick { self.quick } else { self.full }
    }
}
