//! What of every file was synced, and what was written since.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use crate::chaos::Dice;

/// What a disk writes at once: a write may be torn between two of them.
const SECTOR: usize = 512;

/// The files of a disk that were opened since it was made.
#[derive(Debug, Default)]
pub(super) struct Image(BTreeMap<PathBuf, Kept>);

#[derive(Debug, Default)]
struct Kept {
    synced: Vec<u8>,
    since: Vec<Written>,
}

#[derive(Debug)]
enum Written {
    Bytes { at: usize, bytes: Vec<u8> },
    End { length: usize },
}

/// Which writes survive a power cut.
enum Survivors {
    First(usize),
    Some,
    None,
}

impl Image {
    /// Takes note of a file: what it holds when it is first seen was synced.
    pub(super) fn open(&mut self, path: PathBuf) {
        if let Entry::Vacant(unknown) = self.0.entry(path) {
            let synced = fs::read(unknown.key()).expect("a file that was just opened");
            let since = Vec::new();
            unknown.insert(Kept { synced, since });
        }
    }

    pub(super) fn write(&mut self, path: &Path, at: u64, bytes: &[u8]) {
        let (at, bytes) = (length(at), bytes.to_vec());
        self.note(path, Written::Bytes { at, bytes });
    }

    pub(super) fn truncate(&mut self, path: &Path, to: u64) {
        self.note(path, Written::End { length: length(to) });
    }

    pub(super) fn sync(&mut self, path: &Path) {
        if let Some(kept) = self.0.get_mut(path) {
            for written in kept.since.drain(..) {
                written.apply(&mut kept.synced);
            }
        }
    }

    pub(super) fn delete(&mut self, path: &Path) {
        self.0.remove(path);
    }

    /// Makes every file what the disk has of it after a power cut; gives how many writes are lost.
    pub(super) fn lose(&mut self, dice: &mut Dice) -> usize {
        let mut lost = 0;
        for (path, kept) in &mut self.0 {
            let survivors = match dice.below(3) {
                0 => Survivors::First(dice.below(kept.since.len() + 1)),
                1 => Survivors::Some,
                _ => Survivors::None,
            };
            for (number, mut written) in kept.since.drain(..).enumerate() {
                let survives = match survivors {
                    Survivors::First(count) => number < count,
                    Survivors::Some => dice.once_in(2),
                    Survivors::None => false,
                };
                if survives {
                    written.tear(dice);
                    written.apply(&mut kept.synced);
                } else {
                    lost += 1;
                }
            }
            fs::write(path, &kept.synced).expect("a file of the disk");
            // The index of a write-ahead log is memory that processes share.
            let mut index = path.clone().into_os_string();
            index.push("-shm");
            if Path::new(&index).exists() {
                fs::remove_file(index).expect("a file of the disk");
            }
        }
        lost
    }

    fn note(&mut self, path: &Path, written: Written) {
        let kept = self.0.get_mut(path).expect("a file that was opened");
        kept.since.push(written);
    }
}

impl Written {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Bytes { at, bytes } => {
                let end = at + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*at..end].copy_from_slice(bytes);
            }
            Self::End { length } => file.resize(*length, 0),
        }
    }

    /// One write in four reaches the disk up to a sector only.
    fn tear(&mut self, dice: &mut Dice) {
        if let Self::Bytes { at, bytes } = self
            && dice.once_in(4)
        {
            let first = SECTOR - *at % SECTOR;
            let sectors = bytes.len().saturating_sub(first).div_ceil(SECTOR);
            bytes.truncate(first + dice.below(sectors + 1) * SECTOR);
        }
    }
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a file that fits memory")
}
