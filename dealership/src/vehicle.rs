//! A vehicle: one car, named by its VIN, with all that is derived from its facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::double_vin;
use crate::civil::{stock_age, vehicle_age};
use crate::claim::{Claim, ClaimState, Standing, Strength};
use crate::code::coded_enum;
use crate::document::Document;
use crate::id::{CaseId, DealId, DocumentId, FactId, GroupId, StaffId, TrimId, VehicleId};
use crate::kind::Kind;
use crate::order::OrderTime;
use crate::pack::{Pack, PackState};
use crate::refusal::Hold;
use crate::time::Timestamp;

mod condition;
mod moves;
mod status;

pub use condition::{Battery, Care, Damage, Freeze, FreezeReason, PdiResult, Photo};
pub(crate) use moves::Moves;
pub use moves::{Move, MoveReason, Place, PlaceKind};
pub use status::VehicleStatus;

coded_enum! {
    /// Where the certificate of conformity (合格证) is.
    pub enum Custody {
        /// 在厂
        Factory = "factory",
        /// 质押监管: at the bank that finances the car.
        Bank = "bank",
        /// 赎证中
        Redeeming = "redeeming",
        /// 在店
        InHouse = "in_house",
        /// 已交客户
        Handed = "handed",
        /// 遗失
        Lost = "lost",
    }
}

coded_enum! {
    /// What a vehicle is used for.
    pub enum Usage {
        /// 商品车
        Stock = "stock",
        /// 展车
        Display = "display",
        /// 试驾车
        Demo = "demo",
        /// 公务车
        Official = "official",
        /// 代步车
        Loaner = "loaner",
    }
}

coded_enum! {
    /// Where a vehicle came from (车源).
    pub enum StockSource {
        /// 厂家直发
        Factory = "factory",
        /// 同行调车
        Swap = "swap",
        /// 集团调拨
        Transfer = "transfer",
        /// 退车
        Return = "return",
        /// 二手
        Used = "used",
    }
}

/// A vehicle as it stands; nothing here depends on the clock but what takes `now`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vehicle {
    /// Which.
    pub id: VehicleId,
    /// Its VIN as it was entered.
    pub vin: Option<String>,
    /// Why the VIN was entered though its check digit or year code does not fit.
    pub vin_override: Option<String>,
    /// 发动机号
    pub engine_no: Option<String>,
    /// 电机号
    pub motor_no: Option<String>,
    /// 合格证号
    pub cert_no: Option<String>,
    /// Its trim.
    pub trim: Option<TrimId>,
    /// 外观
    pub ext_color: Option<String>,
    /// 内饰
    pub int_color: Option<String>,
    /// 选装
    pub options: BTreeSet<String>,
    /// 生产日期
    pub prod_date: Option<NaiveDate>,
    /// 发车日期
    pub ship_date: Option<NaiveDate>,
    /// 车源
    pub source: Option<StockSource>,
    /// 用途
    pub usage: Usage,
    /// Where it is; where the last moves disagree, where it was seen last.
    pub place: Option<Place>,
    /// The slot there.
    pub slot: Option<String>,
    /// Whether the last moves lead to different places: see [`crate::case::place`].
    pub place_disputed: bool,
    /// Why it was moved last.
    pub last_move: Option<MoveReason>,
    /// When it first came into stock; transfers do not reset it.
    pub stocked_in: Option<NaiveDate>,
    /// Every move, the later first.
    pub moves: Vec<Move>,
    /// Where its certificate is.
    pub custody: Option<Custody>,
    /// Every claim, the earlier first.
    pub claims: Vec<Claim>,
    /// Every pack.
    pub packs: Vec<Pack>,
    /// The claim or pack that excludes other deals, if one does.
    pub held_by: Option<FactId>,
    /// The open case between claims of two deals.
    pub dispute: Option<CaseId>,
    /// For which deal it was handed over.
    pub delivered: Option<Delivered>,
    /// What stops its sale, as long as nobody lifted it.
    pub freezes: Vec<Freeze>,
    /// Whether it passed the inspection at its arrival.
    pub inspected: bool,
    /// When it passed the inspection before delivery last, unless somebody found otherwise since
    /// or without knowing of that.
    pub pdi_passed: Option<OrderTime>,
    /// The last reading, in kilometres.
    pub odometer_km: Option<i64>,
    /// Damages, repaired ones too: they are disclosed in the contract.
    pub damages: Vec<Damage>,
    /// The last of each care.
    pub cares: BTreeMap<String, Care>,
    /// The last reading of the traction battery.
    pub battery: Option<Battery>,
    /// Photos, by the names of their blobs.
    pub photos: Vec<Photo>,
    /// Why the entry is void, if it is: a mistyped VIN.
    pub void: Option<String>,
}

/// The keys were handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// The fact.
    pub id: FactId,
    /// For which deal.
    pub deal: Option<DealId>,
    /// When.
    pub order: OrderTime,
}

impl Vehicle {
    /// The id of the vehicle with that VIN, in its normal form: two stores that enter the same
    /// VIN make one document.
    pub fn id_of(group: GroupId, vin: &str) -> VehicleId {
        DocumentId::of_content(&[b"vehicle", group.as_bytes(), vin.as_bytes()]).into()
    }

    /// Whether a vehicle's entry is void: nobody holds anything of it then.
    pub(crate) fn is_void(document: &Document) -> bool {
        condition::voided(document).is_some()
    }

    /// Reads a vehicle; `None` if the document is of another kind.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Vehicle {
            return None;
        }
        let text = |name: &str| document.text(name).map(str::to_owned);
        let standing = Standing::of(document);
        let moves = Moves::of(document);
        let place = moves.last().first();
        let custody =
            condition::latest(document, "custody").and_then(|(fact, _)| fact.parsed("state"));
        let dispute = standing
            .is_disputed()
            .then(|| double_vin::id(document, &standing.contenders()));
        Some(Self {
            id: document.id().into(),
            vin: text("vin"),
            vin_override: text("vin_override"),
            engine_no: text("engine_no"),
            motor_no: text("motor_no"),
            cert_no: text("cert_no"),
            trim: document.parsed("trim"),
            ext_color: text("ext_color"),
            int_color: text("int_color"),
            options: document
                .members("option")
                .filter(|(_, register)| register.value.as_bool() == Some(true))
                .map(|(member, _)| member.to_owned())
                .collect(),
            prod_date: document.parsed("prod_date"),
            ship_date: document.parsed("ship_date"),
            source: document.parsed("source"),
            usage: document.parsed("usage").unwrap_or(Usage::Stock),
            place: place.map(|moved| moved.place),
            slot: place.and_then(|moved| moved.slot.clone()),
            place_disputed: moves.disagree(),
            last_move: place.map(|moved| moved.reason),
            stocked_in: moves.stocked_in(),
            custody,
            claims: standing.claims(),
            packs: standing.packs(),
            held_by: held_by(&standing),
            dispute,
            delivered: condition::delivered(document),
            freezes: condition::freezes(document),
            inspected: condition::latest(document, "inspection")
                .is_some_and(|(fact, _)| fact.flag("passed")),
            pdi_passed: condition::pdi_passed(document),
            odometer_km: condition::latest(document, "odometer")
                .and_then(|(fact, _)| fact.int("km")),
            damages: condition::damages(document),
            cares: condition::cares(document),
            battery: condition::battery(document),
            photos: condition::photos(document),
            void: condition::voided(document),
            moves: moves.all().to_vec(),
        })
    }

    /// Who excludes other deals from it, so that a message can say it.
    pub fn hold(&self) -> Option<Hold> {
        let id = self.held_by?;
        let claim = self.claims.iter().find(|claim| claim.id == id);
        let pack = self.packs.iter().find(|pack| pack.id == id);
        claim.map(Claim::hold).or_else(|| pack.map(Pack::hold))
    }

    /// The pack that a person's claim names: one that holds the vehicle for a team with the person
    /// in it, a confirmed one first, then one whose window it is by the device's clock.
    ///
    /// Whether the claim counts as made from it is for the receipts to say: a clock that is wrong
    /// must not cost the team its car.
    pub fn own_pack(&self, staff: StaffId, now: Timestamp) -> Option<&Pack> {
        self.packs
            .iter()
            .filter(|pack| pack.holds() && pack.team.contains(&staff))
            .min_by_key(|pack| {
                (
                    pack.state != PackState::Confirmed,
                    !pack.is_on(now),
                    pack.id,
                )
            })
    }

    /// Who holds it at an instant, also if that excludes nobody: a soft claim.
    pub fn holder(&self, now: Timestamp) -> Option<Hold> {
        self.hold()
            .or_else(|| self.soft_claim(now).map(Claim::hold))
    }

    /// The earliest soft claim that is alive at an instant.
    pub fn soft_claim(&self, now: Timestamp) -> Option<&Claim> {
        self.claims.iter().find(|claim| {
            claim.strength == Strength::Soft && claim.state_at(now) == ClaimState::Active
        })
    }

    /// 库龄: days since it first came in; transfers do not reset it.
    pub fn stock_age_days(&self, today: NaiveDate) -> Option<u32> {
        Some(stock_age(self.stocked_in?, today))
    }

    /// 车龄: days since it was made.
    pub fn age_days(&self, today: NaiveDate) -> Option<u32> {
        Some(vehicle_age(self.prod_date?, today))
    }

    /// What two vehicles of the same specification have in common: trim and colours.
    pub fn specification(&self) -> Option<String> {
        let trim = self.trim?;
        let color = |color: &Option<String>| color.clone().unwrap_or_default();
        Some(format!(
            "{trim}/{}/{}",
            color(&self.ext_color),
            color(&self.int_color)
        ))
    }
}

/// The first contender for a deal; while nobody claims it hard, the pack that holds it.
fn held_by(standing: &Standing<'_>) -> Option<FactId> {
    let claim = standing.contenders().first().map(|claim| claim.id);
    claim.or_else(|| {
        let packs = standing.packs();
        let confirmed = packs.iter().find(|pack| pack.state == PackState::Confirmed);
        confirmed
            .or_else(|| packs.iter().find(|pack| pack.holds()))
            .map(|pack| pack.id)
    })
}
