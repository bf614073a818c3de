//! What a process costs, as the kernel counts it.

use std::fs;

/// Reads what a process costs.
#[derive(Clone, Copy, Debug)]
pub struct Consumption {
    process: u32,
}

impl Consumption {
    /// Of a process that runs.
    pub const fn of(process: u32) -> Self {
        Self { process }
    }

    /// How long it has been on a processor, all threads together, in milliseconds; the kernel
    /// counts in steps of ten.
    pub fn processor_ms(&self) -> u64 {
        const MS_PER_TICK: u64 = 10;
        let stat = self.read("stat");
        // The name, in brackets, may hold anything.
        let after_name = stat.rsplit_once(") ").expect("a name").1;
        let field = |index: usize| -> u64 {
            let field = after_name.split(' ').nth(index).expect("a field");
            field.parse().expect("a number")
        };
        // Fields 14 and 15 of the line: in the program, and in the kernel for it.
        (field(11) + field(12)) * MS_PER_TICK
    }

    /// How much memory it holds now, in bytes.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most memory that it held since [`Self::forget_peak`], in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Lets the peak begin again at what is held now.
    pub fn forget_peak(&self) {
        let path = format!("/proc/{}/clear_refs", self.process);
        fs::write(path, "5").expect("one's own child");
    }

    fn status(&self, name: &str) -> u64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a size") * 1_024
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.process)).expect("it runs")
    }
}
