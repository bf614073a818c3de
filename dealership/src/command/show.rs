//! Making and changing shows.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::customer::set_changed;
use crate::command::input::{self, Change, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::{Edits, fields};
use crate::fen::Fen;
use crate::id::{ShowId, StaffId, StoreId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::show::Show;
use crate::space::Space;
use crate::time::Timestamp;
use crate::value::Value;

/// Makes a show.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateShow {
    /// Its name.
    pub name: String,
    /// Where it is held.
    #[serde(default)]
    pub place: Option<String>,
    /// The store that goes there.
    pub store: StoreId,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Who sells there.
    #[serde(default)]
    pub team: BTreeSet<StaffId>,
    /// What it costs.
    #[serde(default)]
    pub cost: Option<Fen>,
}

/// The show that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShowCreated {
    /// Which.
    pub show: ShowId,
}

/// Changes a show; packs that were made for it keep their team and window.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditShow {
    /// Which.
    pub show: ShowId,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it is held.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub place: Change<String>,
    /// When it begins.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    /// Who joins the team.
    #[serde(default)]
    pub joining: BTreeSet<StaffId>,
    /// Who leaves the team.
    #[serde(default)]
    pub leaving: BTreeSet<StaffId>,
    /// What it costs.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub cost: Change<Fen>,
    /// Whether it does not take place.
    #[serde(default)]
    pub cancelled: Option<bool>,
}

impl Command for CreateShow {
    type Output = ShowCreated;

    const NAME: &'static str = "create_show";
    const ABOUT: &'static str = "Makes a show with its team";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<ShowCreated>, Refusal> {
        library.find(Kind::Store, self.store.into())?;
        in_order(Some(self.starts_at), Some(self.ends_at))?;
        let place = input::optional_line("place", self.place.as_deref(), LONGEST_LINE)?;
        let cost = self.cost.map(cost).transpose()?;
        let mut registers = fields([
            (
                "name",
                input::line("name", &self.name, LONGEST_LINE)?.into(),
            ),
            ("place", place.into()),
            ("store", self.store.to_string().into()),
            ("starts_at", self.starts_at.millis().into()),
            ("ends_at", self.ends_at.millis().into()),
            ("cost", cost.into()),
        ]);
        for staff in &self.team {
            library.find(Kind::Staff, (*staff).into())?;
            registers.insert(format!("team/{staff}"), true.into());
        }
        let show = ShowId::from(context.ids.document());
        let mut edits = Edits::default();
        edits.create(show.into(), Kind::Show, Space::Group, registers);
        Ok(Plan::new(edits, ShowCreated { show }))
    }
}

impl Command for EditShow {
    type Output = ();

    const NAME: &'static str = "edit_show";
    const ABOUT: &'static str = "Changes a show; packs keep their team and window";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let document = library.find(Kind::Show, self.show.into())?;
        let show = Show::read(&document).ok_or_else(|| Refusal::NotHere {
            kind: Kind::Show,
            id: document.id(),
        })?;
        in_order(
            self.starts_at.or(show.starts_at),
            self.ends_at.or(show.ends_at),
        )?;
        let name = self
            .name
            .as_deref()
            .map(|name| input::line("name", name, LONGEST_LINE))
            .transpose()?;
        let place = self
            .place
            .clone()
            .try_map(|place| input::line("place", &place, LONGEST_LINE))?;
        let changes: [(&str, Option<Value>); 6] = [
            ("name", name.map(Value::from)),
            ("place", place.value()),
            ("starts_at", self.starts_at.map(|at| at.millis().into())),
            ("ends_at", self.ends_at.map(|at| at.millis().into())),
            ("cost", self.cost.try_map(cost)?.value()),
            ("cancelled", self.cancelled.map(Value::from)),
        ];
        let mut edits = Edits::default();
        set_changed(&mut edits, &document, changes);
        for staff in &self.joining {
            library.find(Kind::Staff, (*staff).into())?;
        }
        for (people, joins) in [(&self.joining, true), (&self.leaving, false)] {
            for staff in people {
                let key = format!("team/{staff}");
                set_changed(&mut edits, &document, [(key.as_str(), Some(joins.into()))]);
            }
        }
        Ok(Plan::new(edits, ()))
    }
}

fn in_order(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>) -> Result<(), Refusal> {
    match (starts_at, ends_at) {
        (Some(starts_at), Some(ends_at)) if ends_at <= starts_at => {
            Err(Refusal::invalid("ends_at", "a show ends after it begins"))
        }
        _ => Ok(()),
    }
}

fn cost(cost: Fen) -> Result<i64, Refusal> {
    if cost.is_negative() || cost > Fen::LARGEST_TYPED {
        return Err(Refusal::invalid("cost", "is no cost"));
    }
    Ok(cost.get())
}
