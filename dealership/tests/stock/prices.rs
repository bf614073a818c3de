//! Trims, shows and the versions of the price list.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use dealership::command::{
    CreateShow, CreateStore, CreateTrim, EditShow, EditTrim, PublishPriceList, REGISTRY,
};
use dealership::price_list::{Authority, PriceList, PriceRow};
use dealership::show::Show;
use dealership::trim::Trim;
use dealership::{Fen, Role, TrimId};

use crate::world::{Device, on, store, sunday};

fn office() -> Device {
    let roles = [Role::GeneralManager, Role::Manager];
    Device::new(1, &roles, &[store(1)])
}

fn trim(device: &mut Device) -> TrimId {
    let create: CreateTrim = serde_json::from_value(serde_json::json!({
        "brand": "启程", "series": "E7", "name": "长续航", "model_year": 2026, "energy": "bev",
        "msrp": 15_980_000, "ext_colors": { "black": "曜石黑", "white": "白" },
    }))
    .expect("a command");
    device.run(sunday(9, 0), &create).expect("may").trim
}

fn row(yuan: i64) -> PriceRow {
    let fen = |yuan| Fen::from_yuan(yuan).expect("in range");
    PriceRow {
        msrp: fen(yuan),
        floor: fen(148_000),
        authority: Authority {
            consultant: fen(3_000),
            manager: fen(8_000),
        },
        cash_discount: Some(fen(6_000)),
        gift: Some("脚垫".into()),
    }
}

fn list(from: &str, to: Option<&str>, trim: TrimId, yuan: i64) -> PublishPriceList {
    PublishPriceList {
        effective_from: from.parse().expect("a date"),
        effective_to: to.map(|to| to.parse().expect("a date")),
        stores: [].into(),
        rows: BTreeMap::from([(trim, row(yuan))]),
    }
}

#[test]
fn a_trim_reads_back_and_is_changed_field_by_field() {
    let mut office = office();
    let id = trim(&mut office);
    let edit: EditTrim = serde_json::from_value(serde_json::json!({
        "trim": id, "model_year": null, "off_sale": true, "ext_colors": { "white": null },
        "range_km": 710,
    }))
    .expect("a command");
    office.run(sunday(10, 0), &edit).expect("may");
    let read = Trim::read(&office.read(id)).expect("a trim");
    assert_eq!(
        (read.brand.as_str(), read.name.as_str()),
        ("启程", "长续航")
    );
    assert_eq!((read.model_year, read.range_km), (None, Some(710)));
    assert_eq!(read.msrp, Fen::from_yuan(159_800));
    assert!(read.off_sale);
    let colours: Vec<_> = read.ext_colors.keys().map(String::as_str).collect();
    assert_eq!(colours, ["black"]);
}

#[test]
fn a_misspelt_field_is_refused_also_beside_the_details() {
    let misspelt = serde_json::json!({
        "brand": "启程", "series": "E7", "name": "长续航", "modelyear": 2026,
    });
    assert!(serde_json::from_value::<CreateTrim>(misspelt).is_err());
}

#[test]
fn o4_of_two_versions_the_one_that_began_last_is_in_force_and_the_first_knows_its_end() {
    let mut office = office();
    let id = trim(&mut office);
    let first = list("2026-04-01", Some("2026-04-30"), id, 159_800);
    let second = list("2026-05-01", None, id, 155_800);
    let first = office.run(on(-6, 9, 0), &first).expect("may");
    let second = office.run(on(-5, 9, 0), &second).expect("may");
    assert_eq!((first.version, second.version), (1, 2));
    let read = |id| PriceList::read(&office.read(id)).expect("a list");
    let lists = [read(first.price_list), read(second.price_list)];
    let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
    let good = |text| PriceList::in_force(&lists, store(1), day(text)).map(|list| list.version);
    assert_eq!(good("2026-03-31"), None);
    assert_eq!(good("2026-04-30"), Some(1));
    assert_eq!(good("2026-05-01"), Some(2));
    assert_eq!(lists[0].rows[&id], row(159_800));
    assert_eq!(lists[0].published_by, Some(office.staff()));
    assert!(PriceList::in_force(&lists[..1], store(1), day("2026-05-02")).is_none());
}

#[test]
fn a_row_that_is_added_after_the_publication_is_no_part_of_the_list() {
    let mut office = office();
    let id = trim(&mut office);
    let published = office
        .run(sunday(9, 0), &list("2026-05-01", None, id, 159_800))
        .expect("may");
    let other = TrimId::from_bytes([7; 16]);
    let mut later = dealership::edit::Edits::default();
    let fact = office.fresh_ids(sunday(10, 0)).fact();
    let written = dealership::edit::fields([
        ("trim", other.to_string().into()),
        ("msrp", 1.into()),
        ("floor", 1.into()),
        ("consultant_authority", 0.into()),
        ("manager_authority", 0.into()),
    ]);
    later.record(published.price_list, "row", fact, written);
    office.write(sunday(10, 0), "publish_price_list", &later);
    let document = office.read(published.price_list);
    assert_eq!(document.facts("row").count(), 2);
    let read = PriceList::read(&document).expect("a list");
    assert_eq!(read.rows.keys().collect::<Vec<_>>(), [&id]);
}

#[test]
fn a_list_that_cannot_be_meant_is_refused() {
    let mut office = office();
    let id = trim(&mut office);
    let good = list("2026-05-01", Some("2026-05-31"), id, 159_800);
    let mut backwards = good.clone();
    backwards.effective_to = "2026-04-01".parse().ok();
    let mut empty = good.clone();
    empty.rows.clear();
    let mut below_floor = good.clone();
    below_floor.rows.insert(id, row(147_000));
    let mut unknown = good.clone();
    unknown
        .rows
        .insert(TrimId::from_bytes([9; 16]), row(159_800));
    for bad in [backwards, empty, below_floor, unknown] {
        assert!(office.plan(sunday(9, 0), &bad).is_err(), "{bad:?}");
    }
    assert!(office.plan(sunday(9, 0), &good).is_ok());
}

#[test]
fn a_show_reads_back_and_its_team_changes() {
    let mut office = office();
    let create: CreateStore = serde_json::from_value(serde_json::json!({
        "name": "城东店", "code": "CD",
    }))
    .expect("a command");
    let home = office.run(sunday(9, 0), &create).expect("may").store;
    let mut create = CreateShow {
        name: "五一车展".into(),
        place: Some("会展中心".into()),
        store: home,
        starts_at: sunday(9, 0),
        ends_at: sunday(8, 0),
        team: [].into(),
        cost: Fen::from_yuan(20_000),
    };
    assert!(
        office.plan(sunday(9, 0), &create).is_err(),
        "it ends before it begins"
    );
    create.ends_at = sunday(18, 0);
    let show = office.run(sunday(9, 0), &create).expect("may").show;
    let staff = dealership::StaffId::from_bytes([4; 16]);
    let edit: EditShow = serde_json::from_value(serde_json::json!({
        "show": show, "place": null, "leaving": [staff], "cancelled": true,
    }))
    .expect("a command");
    office.run(sunday(10, 0), &edit).expect("may");
    let read = Show::read(&office.read(show)).expect("a show");
    assert_eq!((read.place, read.cancelled), (None, true));
    assert!(read.team.is_empty());
    assert_eq!(read.ends_at, Some(sunday(18, 0)));
}

#[test]
fn every_command_of_stock_has_a_schema_and_names_itself_once() {
    let mut names: Vec<_> = REGISTRY.iter().map(|entry| entry.name).collect();
    for entry in REGISTRY {
        assert!((entry.input)().as_object().is_some(), "{}", entry.name);
        assert!(entry.name.len() <= dealership::Authorship::MAX_COMMAND_BYTES);
    }
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for name in [
        "claim_vehicle",
        "create_show",
        "create_trim",
        "deliver_vehicle",
        "edit_show",
        "edit_trim",
        "edit_vehicle",
        "finalise_claim",
        "freeze_vehicle",
        "harden_claim",
        "move_vehicle",
        "pack_vehicles",
        "publish_price_list",
        "release_claim",
        "release_pack",
        "reverse_final",
        "rule_on_vehicle",
        "set_custody",
        "stock_in",
        "unfreeze_vehicle",
        "void_vehicle",
    ] {
        assert!(names.binary_search(&name).is_ok(), "{name}");
    }
}
