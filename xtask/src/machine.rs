//! What this machine is, for whoever reads what was measured on it.

use std::fmt;

/// A machine.
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
}

impl Machine {
    /// This one.
    pub(crate) fn of_this_run() -> Self {
        Self {
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory().unwrap_or_else(|| "an unknown amount".to_owned()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (processor, cores, memory) = (&self.processor, self.cores, &self.memory);
        write!(f, "{processor}, {cores} cores, {memory}")
    }
}

/// The machine's memory in whole GiB.
fn memory() -> Option<String> {
    let description = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = description
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.split_whitespace().next()?.parse().ok()?;
    Some(format!("{} GiB", kibibytes.div_ceil(1 << 20)))
}

fn processor() -> Option<String> {
    let description = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = description
        .lines()
        .find_map(|line| line.strip_prefix("model name"))?;
    Some(name.trim_start_matches([' ', '\t', ':']).to_owned())
}
