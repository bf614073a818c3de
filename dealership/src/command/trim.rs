//! Making and changing trims.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::customer::set_changed;
use crate::command::input::{self, Change, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::Edits;
use crate::fen::Fen;
use crate::id::TrimId;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::space::Space;
use crate::trim::{Body, Energy};
use crate::value::Value;

/// Makes a trim.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTrim {
    /// 品牌
    pub brand: String,
    /// 车系
    pub series: String,
    /// 配置
    pub name: String,
    /// What else is known of it.
    #[serde(flatten)]
    pub details: TrimDetails,
}

/// The trim that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrimCreated {
    /// Which.
    pub trim: TrimId,
}

/// Changes a trim.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTrim {
    /// Which.
    pub trim: TrimId,
    /// 品牌
    #[serde(default)]
    pub brand: Option<String>,
    /// 车系
    #[serde(default)]
    pub series: Option<String>,
    /// 配置
    #[serde(default)]
    pub name: Option<String>,
    /// Whether it is no longer sold.
    #[serde(default)]
    pub off_sale: Option<bool>,
    /// What else is known of it.
    #[serde(flatten)]
    pub details: TrimDetails,
}

/// What is known of a trim beside its name; what is left out stays, null clears.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TrimDetails {
    /// 年款
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub model_year: Change<i64>,
    /// 公告型号
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub type_code: Change<String>,
    /// 能源
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub energy: Change<Energy>,
    /// 车身
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub body: Change<Body>,
    /// 座位数
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub seats: Change<i64>,
    /// 排量, in millilitres.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub displacement_ml: Change<i64>,
    /// 续航, in kilometres.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub range_km: Change<i64>,
    /// 指导价
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub msrp: Change<Fen>,
    /// 质保, in months.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub warranty_months: Change<i64>,
    /// 质保里程, in kilometres.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub warranty_km: Change<i64>,
    /// Colours outside: codes with the names that people see, null to drop one.
    #[serde(default)]
    pub ext_colors: BTreeMap<String, Option<String>>,
    /// Colours inside: codes with the names that people see, null to drop one.
    #[serde(default)]
    pub int_colors: BTreeMap<String, Option<String>>,
    /// Options: codes with the names that people see, null to drop one.
    #[serde(default)]
    pub options: BTreeMap<String, Option<String>>,
}

impl Command for CreateTrim {
    type Output = TrimCreated;

    const NAME: &'static str = "create_trim";
    const ABOUT: &'static str = "Makes a trim of a series";

    fn plan(
        &self,
        _: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<TrimCreated>, Refusal> {
        let mut registers: BTreeMap<String, Value> = self
            .details
            .registers()?
            .into_iter()
            .filter(|(_, value)| *value != Value::Null)
            .collect();
        let named = [
            ("brand", &self.brand),
            ("series", &self.series),
            ("name", &self.name),
        ];
        for (field, text) in named {
            let line = input::line(field, text, LONGEST_LINE)?;
            registers.insert(field.to_owned(), line.into());
        }
        let trim = TrimId::from(context.ids.document());
        let mut edits = Edits::default();
        edits.create(trim.into(), Kind::Trim, Space::Group, registers);
        Ok(Plan::new(edits, TrimCreated { trim }))
    }
}

impl Command for EditTrim {
    type Output = ();

    const NAME: &'static str = "edit_trim";
    const ABOUT: &'static str = "Changes what is said of a trim";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let document = library.find(Kind::Trim, self.trim.into())?;
        let mut changes = self.details.registers()?;
        let named = [
            ("brand", &self.brand),
            ("series", &self.series),
            ("name", &self.name),
        ];
        for (field, text) in named {
            if let Some(text) = text {
                let line = input::line(field, text, LONGEST_LINE)?;
                changes.push((field.to_owned(), line.into()));
            }
        }
        if let Some(off_sale) = self.off_sale {
            changes.push(("off_sale".to_owned(), off_sale.into()));
        }
        let mut edits = Edits::default();
        let changes = changes
            .iter()
            .map(|(key, value)| (key.as_str(), Some(value.clone())));
        set_changed(&mut edits, &document, changes);
        Ok(Plan::new(edits, ()))
    }
}

impl TrimDetails {
    /// The registers that change, null where one is cleared.
    fn registers(&self) -> Result<Vec<(String, Value)>, Refusal> {
        let within = |field: &'static str, least: i64, most: i64| {
            move |number: i64| {
                if (least..=most).contains(&number) {
                    Ok(number)
                } else {
                    let problem = format!("lies between {least} and {most}");
                    Err(Refusal::invalid(field, problem))
                }
            }
        };
        let type_code = self.type_code.clone();
        let changes = [
            (
                "model_year",
                self.model_year
                    .try_map(within("model_year", 1980, 2100))?
                    .value(),
            ),
            (
                "type_code",
                type_code
                    .try_map(|text| input::line("type_code", &text, 16))?
                    .value(),
            ),
            ("energy", code(self.energy, Energy::code)),
            ("body", code(self.body, Body::code)),
            ("seats", self.seats.try_map(within("seats", 1, 60))?.value()),
            (
                "displacement_ml",
                self.displacement_ml
                    .try_map(within("displacement_ml", 0, 20_000))?
                    .value(),
            ),
            (
                "range_km",
                self.range_km.try_map(within("range_km", 0, 5_000))?.value(),
            ),
            (
                "msrp",
                self.msrp
                    .try_map(|fen| within("msrp", 0, Fen::LARGEST_TYPED.get())(fen.get()))?
                    .value(),
            ),
            (
                "warranty_months",
                self.warranty_months
                    .try_map(within("warranty_months", 0, 600))?
                    .value(),
            ),
            (
                "warranty_km",
                self.warranty_km
                    .try_map(within("warranty_km", 0, 10_000_000))?
                    .value(),
            ),
        ];
        let mut registers: Vec<_> = changes
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect();
        let sets = [
            ("ext_color", "ext_colors", &self.ext_colors),
            ("int_color", "int_colors", &self.int_colors),
            ("option", "options", &self.options),
        ];
        for (key, field, labels) in sets {
            for (member, label) in labels {
                let member = input::code(field, member)?;
                let label = label
                    .as_deref()
                    .map(|label| input::line(field, label, LONGEST_LINE))
                    .transpose()?;
                registers.push((format!("{key}/{member}"), label.into()));
            }
        }
        Ok(registers)
    }
}

fn code<T>(change: Change<T>, code: fn(T) -> &'static str) -> Option<Value> {
    match change {
        Change::Keep => None,
        Change::Clear => Some(Value::Null),
        Change::Set(value) => Some(code(value).into()),
    }
}
