//! How far a deal is, derived from its stage events.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Coded;
use crate::deal::stage::{Stage, StageState};
use crate::document::Document;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

/// How far a deal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// All that was recorded, in that order; what was taken back stands among it.
    pub events: Vec<StageEvent>,
    /// Every stage, in the order of the trade.
    pub stages: Vec<StageStanding>,
}

/// One thing recorded of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageEvent {
    /// The fact.
    pub id: FactId,
    /// Of which stage.
    pub stage: Coded<Stage>,
    /// What.
    pub state: Coded<StageState>,
    /// The fact or document that shows it.
    pub evidence: Option<String>,
    /// Why, for what was skipped or taken back.
    pub reason: Option<String>,
    /// Who.
    pub by: Option<StaffId>,
    /// When it happened.
    pub at: Timestamp,
    /// Whether a reopening whose author had seen it took it back.
    pub taken_back: bool,
}

/// Where one stage stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageStanding {
    /// Which.
    pub stage: Stage,
    /// Done, skipped, or open where there is none.
    pub state: Option<StageState>,
    /// Since when it is so.
    pub since: Option<Timestamp>,
    /// Whether it counts: it is done or skipped, and so are the stages without which it does not
    /// hold.
    pub holds: bool,
    /// The stages without which it does not hold and which are not there.
    pub missing: Vec<Stage>,
}

impl Progress {
    /// The furthest stage that holds.
    pub fn stage(&self) -> Option<Stage> {
        self.stages
            .iter()
            .rev()
            .find(|standing| standing.holds)
            .map(|standing| standing.stage)
    }

    /// Whether a stage is done or skipped with all that it needs.
    pub fn holds(&self, stage: Stage) -> bool {
        self.standing(stage).is_some_and(|standing| standing.holds)
    }

    /// When a stage that holds was done; a skipped one was not.
    pub fn done_at(&self, stage: Stage) -> Option<Timestamp> {
        self.standing(stage)
            .filter(|standing| standing.holds && standing.state == Some(StageState::Done))?
            .since
    }

    /// Since when a stage has been done or skipped.
    pub fn since(&self, stage: Stage) -> Option<Timestamp> {
        self.standing(stage)?.since
    }

    /// Where a stage stands.
    pub fn standing(&self, stage: Stage) -> Option<&StageStanding> {
        self.stages.iter().find(|standing| standing.stage == stage)
    }

    /// What is still to be done or skipped before a stage is reached, itself included: every
    /// earlier stage that is open, and those without which it does not hold.
    pub fn missing_before(&self, stage: Stage) -> Vec<Stage> {
        self.stages
            .iter()
            .filter(|standing| standing.stage <= stage && !standing.holds)
            .map(|standing| standing.stage)
            .collect()
    }

    /// The next stage that is open.
    pub fn next(&self) -> Option<Stage> {
        self.stages
            .iter()
            .find(|standing| !standing.holds)
            .map(|standing| standing.stage)
    }
}

pub(super) fn read(document: &Document) -> Progress {
    let events = events(document);
    let mut by_stage: BTreeMap<Stage, (StageState, Timestamp)> = BTreeMap::new();
    for event in events.iter().filter(|event| !event.taken_back) {
        let (Some(stage), Some(state)) = (event.stage.known(), event.state.known()) else {
            continue;
        };
        match (state, by_stage.get(&stage)) {
            (StageState::Reopened, _)
            | (StageState::Skipped, Some((StageState::Done, _)))
            | (StageState::Skipped, Some((StageState::Skipped, _))) => {}
            // Twice done on two devices was done at the earlier of the two.
            (StageState::Done, Some((StageState::Done, since))) => {
                let since = event.at.min(*since);
                by_stage.insert(stage, (state, since));
            }
            (StageState::Done | StageState::Skipped, _) => {
                by_stage.insert(stage, (state, event.at));
            }
        }
    }
    let mut holding = BTreeSet::new();
    let mut stages = Vec::with_capacity(Stage::ALL.len());
    // Stages stand after those that they require, so one pass settles what holds.
    for stage in Stage::ALL {
        let passed = by_stage.get(stage);
        let missing: Vec<Stage> = stage
            .requires()
            .iter()
            .filter(|required| !holding.contains(*required))
            .copied()
            .collect();
        let holds = passed.is_some() && missing.is_empty();
        if holds {
            holding.insert(*stage);
        }
        stages.push(StageStanding {
            stage: *stage,
            state: passed.map(|(state, _)| *state),
            since: passed.map(|(_, since)| *since),
            holds,
            missing,
        });
    }
    Progress { events, stages }
}

fn events(document: &Document) -> Vec<StageEvent> {
    let recorded = document.recorded("stage");
    let changes: Vec<Option<ChangeHash>> = recorded
        .iter()
        .map(|(_, fact)| {
            document
                .provenance(fact)
                .map(|provenance| provenance.change)
        })
        .collect();
    let reopenings: Vec<(&str, ChangeHash)> = recorded
        .iter()
        .zip(&changes)
        .filter(|((_, fact), _)| fact.coded("state") == Some(Coded::Known(StageState::Reopened)))
        .filter_map(|((_, fact), change)| Some((fact.text("stage")?, (*change)?)))
        .collect();
    recorded
        .iter()
        .zip(&changes)
        .filter_map(|((_, fact), change)| {
            let stage = fact.text("stage")?;
            let taken_back = change.is_some_and(|change| {
                reopenings.iter().any(|(reopened, by)| {
                    *reopened == stage && *by != change && document.author_of(by).had_seen(&change)
                })
            });
            Some(StageEvent {
                id: fact.id,
                stage: Coded::read(stage),
                state: fact.coded("state")?,
                evidence: fact.text("evidence").map(str::to_owned),
                reason: fact.text("reason").map(str::to_owned),
                by: fact.parsed("by"),
                at: document.happened_at(fact),
                taken_back,
            })
        })
        .collect()
}
