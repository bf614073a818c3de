//! Members of staff: engaged, placed and let go by administrators.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::command::customer::set_changed;
use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::document::Document;
use crate::edit::{Edits, fields};
use crate::id::{StaffId, StoreId};
use crate::kind::Kind;
use crate::refusal::{Notice, Refusal};
use crate::space::Space;
use crate::staff::{Staff, StaffStatus};
use crate::value::Value;

/// Engages somebody.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateStaff {
    /// Their name.
    pub name: String,
    /// What they do.
    pub roles: BTreeSet<Role>,
    /// Where; none for those of the group.
    #[serde(default)]
    pub stores: BTreeSet<StoreId>,
    /// Where they stand; active if left out.
    #[serde(default)]
    pub status: Option<StaffStatus>,
    /// Since when they work here.
    #[serde(default)]
    pub hired: Option<NaiveDate>,
}

/// The person who was engaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaffCreated {
    /// Who.
    pub staff: StaffId,
}

impl Command for CreateStaff {
    type Output = StaffCreated;

    const NAME: &'static str = "create_staff";
    const ABOUT: &'static str = "Engages a member of staff";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StaffCreated>, Refusal> {
        check_roles(&self.roles, &self.stores)?;
        check_stores(library, &self.stores)?;
        if self.status == Some(StaffStatus::Left) {
            return Err(Refusal::invalid("status", "nobody is engaged who left"));
        }
        let staff = StaffId::from(context.ids.document());
        let status = self.status.unwrap_or(StaffStatus::Active);
        let mut registers = fields([
            (
                "name",
                input::line("name", &self.name, LONGEST_LINE)?.into(),
            ),
            ("status", status.into()),
            ("hired", self.hired.into()),
        ]);
        for role in &self.roles {
            registers.insert(format!("role/{}", role.code()), true.into());
        }
        for store in &self.stores {
            registers.insert(format!("store/{store}"), true.into());
        }
        let mut edits = Edits::default();
        edits.create(staff.into(), Kind::Staff, Space::Group, registers);
        Ok(Plan::new(edits, StaffCreated { staff }))
    }
}

/// Says what somebody does from now on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStaffRoles {
    /// Who.
    pub staff: StaffId,
    /// All that they do; what is not named they do no more.
    pub roles: BTreeSet<Role>,
}

impl Command for SetStaffRoles {
    type Output = ();

    const NAME: &'static str = "set_staff_roles";
    const ABOUT: &'static str = "Says what a member of staff does from now on";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, staff) = lookup::staff(library, self.staff)?;
        check_roles(&self.roles, &staff.stores)?;
        if !self.roles.iter().any(|role| keeps_system(*role)) {
            keep_an_administrator(library, &document, &staff)?;
        }
        let mut edits = Edits::default();
        for role in Role::ALL {
            let (has, shall_have) = (staff.roles.contains(role), self.roles.contains(role));
            if has != shall_have {
                edits.set(document.id(), format!("role/{}", role.code()), shall_have);
            }
        }
        Ok(Plan::new(edits, ()))
    }
}

/// Says where somebody works from now on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStaffStores {
    /// Who.
    pub staff: StaffId,
    /// All stores in which they work; none for those of the group.
    pub stores: BTreeSet<StoreId>,
}

impl Command for SetStaffStores {
    type Output = ();

    const NAME: &'static str = "set_staff_stores";
    const ABOUT: &'static str = "Says where a member of staff works from now on";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, staff) = lookup::staff(library, self.staff)?;
        check_roles(&staff.roles, &self.stores)?;
        check_stores(library, &self.stores)?;
        let mut edits = Edits::default();
        for store in self.stores.difference(&staff.stores) {
            edits.set(document.id(), format!("store/{store}"), true);
        }
        for store in staff.stores.difference(&self.stores) {
            edits.set(document.id(), format!("store/{store}"), false);
        }
        Ok(Plan::new(edits, ()))
    }
}

/// Changes what is said of somebody.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditStaff {
    /// Who.
    pub staff: StaffId,
    /// Their name.
    #[serde(default)]
    pub name: Option<String>,
    /// Where they stand; whoever left comes back so.
    #[serde(default)]
    pub status: Option<StaffStatus>,
    /// Since when they work here.
    #[serde(default)]
    pub hired: Option<NaiveDate>,
}

impl Command for EditStaff {
    type Output = ();

    const NAME: &'static str = "edit_staff";
    const ABOUT: &'static str = "Changes what is said of a member of staff";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, staff) = lookup::staff(library, self.staff)?;
        if self.status == Some(StaffStatus::Left) {
            let problem = "say on which day with staff_left";
            return Err(Refusal::invalid("status", problem));
        }
        let name = self
            .name
            .as_deref()
            .map(|name| input::line("name", name, LONGEST_LINE))
            .transpose()?;
        // Whoever is said to stand somewhere has not left.
        let comes_back = self.status.is_some() && staff.left.is_some();
        let changes: [(&str, Option<Value>); 4] = [
            ("name", name.map(Value::from)),
            ("status", self.status.map(Value::from)),
            ("left", comes_back.then_some(Value::Null)),
            ("hired", self.hired.map(Value::from)),
        ];
        let mut edits = Edits::default();
        set_changed(&mut edits, &document, changes);
        Ok(Plan::new(edits, ()))
    }
}

/// Lets somebody go: their devices receive nothing from then on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffLeft {
    /// Who.
    pub staff: StaffId,
    /// Their last day; today if left out.
    #[serde(default)]
    pub on: Option<NaiveDate>,
}

impl Command for StaffLeft {
    type Output = ();

    const NAME: &'static str = "staff_left";
    const ABOUT: &'static str = "Lets a member of staff go";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, staff) = lookup::staff(library, self.staff)?;
        if !staff.active {
            return Err(Refusal::state(&document, "this person has left already"));
        }
        keep_an_administrator(library, &document, &staff)?;
        let today = input::today(context.now)?;
        let on = self.on.unwrap_or(today);
        if on > today {
            return Err(Refusal::invalid("on", "is still to come"));
        }
        let mut edits = Edits::default();
        edits.set(document.id(), "status", StaffStatus::Left);
        edits.set(document.id(), "left", on);
        let mut plan = Plan::new(edits, ());
        if staff.roles.contains(&Role::Consultant) {
            plan.notices.push(Notice {
                code: "customers_to_hand_over".into(),
                text: format!("{} may have customers to be handed over", staff.name),
                documents: vec![document.id()],
            });
        }
        Ok(plan)
    }
}

/// A consultant's customers stand in a store's space, so a consultant needs one.
fn check_roles(roles: &BTreeSet<Role>, stores: &BTreeSet<StoreId>) -> Result<(), Refusal> {
    if roles.is_empty() {
        return Err(Refusal::invalid("roles", "name at least one"));
    }
    if roles.contains(&Role::Consultant) && stores.is_empty() {
        return Err(Refusal::invalid("stores", "a consultant works in a store"));
    }
    Ok(())
}

fn check_stores(library: &dyn Library, stores: &BTreeSet<StoreId>) -> Result<(), Refusal> {
    for store in stores {
        library.find(Kind::Store, (*store).into())?;
    }
    Ok(())
}

const fn keeps_system(role: Role) -> bool {
    matches!(role, Role::Administrator | Role::GeneralManager)
}

/// Somebody must be left who can engage staff.
fn keep_an_administrator(
    library: &dyn Library,
    document: &Document,
    leaving: &Staff,
) -> Result<(), Refusal> {
    if !leaving.roles.iter().any(|role| keeps_system(*role)) {
        return Ok(());
    }
    let another = library
        .of_kind(Kind::Staff)?
        .iter()
        .filter_map(|document| Staff::read(document))
        .filter(|staff| staff.id != leaving.id && staff.active)
        .any(|staff| staff.roles.iter().any(|role| keeps_system(*role)));
    if another {
        Ok(())
    } else {
        Err(Refusal::state(
            document,
            "nobody else could engage staff after that",
        ))
    }
}
