//! `demo`: the demo group, made once.
//!
//! ```text
//! DATA.making/   while it is made; what a killed run leaves here, the next one clears away
//! DATA/          the same folder, whole, under its name
//! DATA/demo.json the recipe, and the ids that the walkthrough uses
//! ```

use std::fs::{self, File};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{Datelike as _, NaiveDate};
use clap::Args;
use dealership::civil;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use sync_server::demo::{self, Known, Recipe, Report};
use sync_server::relay::{Opening, Relay};

use crate::folder::Folder;
use crate::settings::Place;
use crate::{clock, console};

/// What changes when another program makes another group of the same recipe.
const EDITION: u32 = 1;

/// The seed where none is given.
const SEED: u64 = 7;

/// The name that devices know the demo's relay by.
const SERVER_NAME: &str = "demo.forecourt.example";

/// How many documents are kept in memory meanwhile: those that a few busy weeks touch.
const CACHED_DOCUMENTS: usize = 4_000;

/// What demo to make; what is left out, an existing one may have as it likes.
#[derive(Args)]
pub(crate) struct Options {
    /// What chance follows from: the same seed gives the same group [default: 7]
    #[arg(long)]
    seed: Option<u64>,
    /// How large, from 0.05 to 100: 1 is 2,000 customers, 1,200 deals and 600 vehicles [default: 1]
    #[arg(long)]
    scale: Option<f64>,
    /// The day after the last of its twelve months, YYYY-MM-DD [default: the first of this month]
    #[arg(long, value_name = "DATE")]
    anchor: Option<NaiveDate>,
    #[command(flatten)]
    place: Place,
}

/// What a demo's folder says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Label {
    edition: u32,
    seed: u64,
    anchor: NaiveDate,
    scale: f64,
    known: Known,
}

/// Makes the demo group, or leaves it as it is.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = Folder::of(&options.place.settings()?);
    if is_there(&folder, options)? {
        return Ok(());
    }
    let making = folder.beside("making")?;
    making.create()?;
    let _lock = making.lock()?;
    // Another run may have come to its end between the two.
    if is_there(&folder, options)? {
        return Ok(());
    }
    if clear(&making)? {
        console::say("an earlier run was stopped before the demo group was whole; beginning anew")?;
    }
    let started = Instant::now();
    let recipe = options.recipe()?;
    let report = make(&making, &recipe)?;
    let label = Label {
        edition: EDITION,
        seed: recipe.seed,
        anchor: recipe.anchor,
        scale: recipe.scale,
        known: report.known.clone(),
    };
    write_label(&making, &label)?;
    making.rename(&folder)?;
    tell(&folder, &label, &report, started)
}

impl Options {
    fn recipe(&self) -> Result<Recipe> {
        let anchor = match self.anchor {
            Some(anchor) => anchor,
            None => first_of_this_month().context("the clock shows no date")?,
        };
        Ok(Recipe {
            seed: self.seed.unwrap_or(SEED),
            anchor,
            scale: self.scale.unwrap_or(1.0),
        })
    }

    /// Whether a demo is what was asked for.
    fn fits(&self, label: &Label) -> bool {
        self.seed.is_none_or(|seed| seed == label.seed)
            && self.anchor.is_none_or(|anchor| anchor == label.anchor)
            && self.scale.is_none_or(|scale| scale == label.scale)
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            seed,
            anchor,
            scale,
            ..
        } = self;
        write!(f, "--seed {seed} --scale {scale} --anchor {anchor}")
    }
}

/// Whether the demo group is there already; fails where something else is.
fn is_there(folder: &Folder, options: &Options) -> Result<bool> {
    let shown = folder.path().display();
    let path = label_path(folder);
    if !path.exists() {
        ensure!(
            !folder.database().exists(),
            "{shown} holds a group that is not the demo: name another folder with --data"
        );
        ensure!(
            is_empty(folder)?,
            "{shown} is not empty: name another folder with --data"
        );
        return Ok(false);
    }
    let text = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let label: Option<Label> = serde_json::from_slice(&text).ok();
    match label {
        Some(label) if label.edition == EDITION && options.fits(&label) => {
            console::say(format_args!(
                "the demo group is in {shown} already ({label})"
            ))?;
            Ok(true)
        }
        Some(label) if label.edition == EDITION => bail!(
            "{shown} holds another demo group ({label}): remove the folder, or name another with \
             --data"
        ),
        _ => bail!(
            "the demo group in {shown} was made by another version of this program: remove the \
             folder to have it made again"
        ),
    }
}

fn is_empty(folder: &Folder) -> Result<bool> {
    let path = folder.path();
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Removes what an earlier run left, but not the lock; whether there was anything.
fn clear(making: &Folder) -> Result<bool> {
    let mut found = false;
    let mut clear = || {
        for entry in fs::read_dir(making.path())? {
            let path = entry?.path();
            if path != making.lock_path() {
                fs::remove_file(path)?;
                found = true;
            }
        }
        Ok::<_, std::io::Error>(())
    };
    clear().with_context(|| format!("{} cannot be cleared", making.path().display()))?;
    Ok(found)
}

/// Founds the group and lets its year pass.
fn make(making: &Folder, recipe: &Recipe) -> Result<Report> {
    let opening = Opening {
        key: making.key_or_new()?,
        seed: recipe.founding_seed(),
        cached_documents: CACHED_DOCUMENTS,
    };
    let mut relay = Relay::found(making.store_to_fill()?, SERVER_NAME, opening)?;
    let bar = progress_bar();
    let made = demo::build(&mut relay, recipe, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = made.context("the demo group cannot be made")?;
    relay.tidy_up(true)?;
    Ok(report)
}

/// A bar where a person looks, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0).with_message("Making a year of the demo group");
    bar.set_draw_target(if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent} % {eta}") {
        bar.set_style(style);
    }
    bar
}

fn label_path(folder: &Folder) -> PathBuf {
    folder.path().join("demo.json")
}

fn write_label(folder: &Folder, label: &Label) -> Result<()> {
    let path = label_path(folder);
    let text = serde_json::to_vec_pretty(label)?;
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(&text)?;
        file.sync_all()
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

fn tell(folder: &Folder, label: &Label, report: &Report, started: Instant) -> Result<()> {
    let count = |kind: &str| report.documents.get(kind).copied().unwrap_or_default();
    console::say(format_args!(
        "made the demo group in {} ({label}): {} customers, {} deals, {} vehicles, {} follow-ups; \
         {} documents, {} changes, in {}; {} checks hold",
        folder.path().display(),
        count("customer"),
        count("deal"),
        count("vehicle"),
        report.follow_ups,
        report.documents.values().sum::<u64>(),
        report.head,
        HumanDuration(started.elapsed()),
        report.checks.len(),
    ))?;
    Ok(())
}

fn first_of_this_month() -> Option<NaiveDate> {
    civil::civil_date(clock::now().millis())?.with_day(1)
}
