//! Stores: made and described by administrators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::customer::set_changed;
use crate::command::input::{self, Change, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::{Edits, fields};
use crate::id::StoreId;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::space::Space;
use crate::store::Store;
use crate::value::Value;

/// Makes a store.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateStore {
    /// Its name.
    pub name: String,
    /// What papers and their numbers call it: 2 to 8 capital letters or digits.
    pub code: String,
    /// The six digits of province, city and district.
    #[serde(default)]
    pub region: Option<String>,
    /// Street and door.
    #[serde(default)]
    pub address: Option<String>,
    /// The number that customers call.
    #[serde(default)]
    pub phone: Option<String>,
}

/// The store that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreCreated {
    /// Which.
    pub store: StoreId,
}

impl Command for CreateStore {
    type Output = StoreCreated;

    const NAME: &'static str = "create_store";
    const ABOUT: &'static str = "Makes a store";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<StoreCreated>, Refusal> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(2..=8).contains(&self.code.len()) || !self.code.bytes().all(plain) {
            let problem = "is not 2 to 8 capital letters or digits";
            return Err(Refusal::invalid("code", problem));
        }
        let taken = library
            .of_kind(Kind::Store)?
            .iter()
            .filter_map(|document| Store::read(document))
            .any(|store| store.code == self.code);
        if taken {
            return Err(Refusal::invalid("code", "another store bears it"));
        }
        let store = StoreId::from(context.ids.document());
        let mut edits = Edits::default();
        edits.create(
            store.into(),
            Kind::Store,
            Space::Group,
            fields([
                (
                    "name",
                    input::line("name", &self.name, LONGEST_LINE)?.into(),
                ),
                ("code", self.code.clone().into()),
                (
                    "region",
                    self.region
                        .as_deref()
                        .map(input::region)
                        .transpose()?
                        .into(),
                ),
                (
                    "address",
                    input::optional_line("address", self.address.as_deref(), LONGEST_LINE)?.into(),
                ),
                (
                    "phone",
                    input::optional_line("phone", self.phone.as_deref(), 16)?.into(),
                ),
            ]),
        );
        Ok(Plan::new(edits, StoreCreated { store }))
    }
}

/// Changes what is said of a store; its code stays, since papers bear it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditStore {
    /// Which.
    pub store: StoreId,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// The six digits of province, city and district.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub region: Change<String>,
    /// Street and door.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub address: Change<String>,
    /// The number that customers call.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub phone: Change<String>,
}

impl Command for EditStore {
    type Output = ();

    const NAME: &'static str = "edit_store";
    const ABOUT: &'static str = "Changes what is said of a store";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let document = library.find(Kind::Store, self.store.into())?;
        let line = |field, longest| move |text: String| input::line(field, &text, longest);
        let changes: [(&str, Option<Value>); 4] = [
            (
                "name",
                self.name
                    .as_deref()
                    .map(|name| input::line("name", name, LONGEST_LINE))
                    .transpose()?
                    .map(Value::from),
            ),
            (
                "region",
                self.region
                    .clone()
                    .try_map(|region| input::region(&region))?
                    .value(),
            ),
            (
                "address",
                self.address
                    .clone()
                    .try_map(line("address", LONGEST_LINE))?
                    .value(),
            ),
            (
                "phone",
                self.phone.clone().try_map(line("phone", 16))?.value(),
            ),
        ];
        let mut edits = Edits::default();
        set_changed(&mut edits, &document, changes);
        Ok(Plan::new(edits, ()))
    }
}
