//! Taking imports back.

use client_core::import::UndoReport;
use dealership::command::{LeftReason, UndoOutcome};
use dealership::import::{DuplicateRule, Verdict};
use dealership::sheet::Sheet;
use dealership::{DocumentId, ImportId};
use serde_json::{Value as Json, json};
use stories::{Device, Network};

use super::{by, found, grid, import, order, verdicts};

fn sheet() -> Vec<Vec<String>> {
    grid(&[
        &[
            "姓名",
            "手机",
            "微信",
            "意向级别",
            "下次跟进",
            "备注",
            "销售顾问",
        ],
        &[
            "张伟",
            "13800000001",
            "zw1",
            "A",
            "2026-05-06",
            "看车",
            "李娜",
        ],
        &["王五", "13800000003", "", "", "", "", "李娜"],
    ])
}

#[track_caller]
fn undo(network: &mut Network, device: Device, import: ImportId) -> UndoReport {
    let now = network.now();
    network
        .replica(device)
        .undo_import(import, now, &mut |_| {})
        .unwrap()
}

fn outcomes(report: &UndoReport) -> Vec<Option<UndoOutcome>> {
    let documents = report.documents.iter();
    documents
        .map(|document| document.undone.as_ref().map(|undone| undone.outcome))
        .collect()
}

fn listed(network: &Network, device: Device) -> usize {
    let list = network.show(device, "customer_list", json!({}));
    list["rows"].as_array().unwrap().len()
}

fn carded(network: &mut Network, device: Device) -> DocumentId {
    let made = network.run(
        device,
        "create_customer",
        json!({"name": "张先生", "phone": "13800000001", "grade": "B"}),
    );
    made.output["customer"].as_str().unwrap().parse().unwrap()
}

fn whole(network: &Network, device: Device, id: DocumentId) -> Json {
    network.show(device, "customer_detail", json!({ "customer": id }))
}

#[test]
fn what_an_import_made_is_deleted_everywhere_and_can_be_imported_anew() {
    let mut network = found();
    let (chen, lina) = (network.enrol("陈刚"), network.enrol("李娜"));
    let done = import(&mut network, chen, &sheet(), &order(Sheet::Customers));
    network.settle();
    assert_eq!(listed(&network, lina), 2);

    let undone = undo(&mut network, chen, done.import);

    assert_eq!((undone.deleted, undone.left, undone.refused), (2, 0, 0));
    network.settle();
    assert_eq!(listed(&network, lina), 0);
    let now = network.now();
    let again = network
        .replica(chen)
        .undo_import(done.import, now, &mut |_| {});
    assert!(again.is_err(), "there is nothing left to take back");
    let anew = import(&mut network, chen, &sheet(), &order(Sheet::Customers));
    assert_eq!(verdicts(&anew), [Verdict::New, Verdict::New]);
    assert_eq!(listed(&network, chen), 2);
    network.check();
}

#[test]
fn what_somebody_worked_on_since_stays_and_is_named() {
    let mut network = found();
    let (chen, lina) = (network.enrol("陈刚"), network.enrol("李娜"));
    let done = import(&mut network, chen, &sheet(), &order(Sheet::Customers));
    network.settle();
    let worked_on = done.rows[0].document.unwrap();
    network.run(
        lina,
        "add_note",
        json!({"customer": worked_on, "text": "很有意向"}),
    );
    network.settle();

    let undone = undo(&mut network, chen, done.import);

    assert_eq!((undone.deleted, undone.left), (1, 1));
    let left = undone
        .documents
        .iter()
        .find(|left| left.document == worked_on)
        .unwrap();
    let thing = &left.undone.as_ref().unwrap().left[0];
    assert_eq!(thing.reason, LeftReason::EditedSince);
    assert_eq!(thing.by, Some(stories::group::staff("李娜")));
    assert_eq!(thing.command.as_deref(), Some("add_note"));
    network.check();
}

#[test]
fn a_customer_with_a_deal_stays() {
    let mut network = found();
    let (chen, lina) = (network.enrol("陈刚"), network.enrol("李娜"));
    let done = import(&mut network, chen, &sheet(), &order(Sheet::Customers));
    network.settle();
    network.run(
        lina,
        "open_deal",
        json!({"customer": done.rows[1].document}),
    );
    network.settle();
    let undone = undo(&mut network, chen, done.import);
    assert_eq!((undone.deleted, undone.left), (1, 1));
    network.check();
}

#[test]
fn what_an_import_changed_gets_its_former_value_unless_changed_since() {
    let mut network = found();
    let lina = network.enrol("李娜");
    let known = carded(&mut network, lina);
    let before = whole(&network, lina, known);
    let rule = by(Sheet::Customers, DuplicateRule::Overwrite);
    let done = import(&mut network, lina, &sheet(), &rule);
    assert_eq!(verdicts(&done), [Verdict::Updated, Verdict::New]);
    network.run(
        lina,
        "edit_customer",
        json!({"customer": known, "wechat": "zhang"}),
    );

    let undone = undo(&mut network, lina, done.import);

    // A consultant deletes no cards: what the import made is refused, and said so.
    assert_eq!((undone.restored, undone.refused), (1, 1));
    let of_known = undone
        .documents
        .iter()
        .find(|each| each.document == known)
        .unwrap();
    let said = of_known.undone.as_ref().unwrap();
    assert_eq!(outcomes(&undone).len(), 2);
    assert!(said.restored.contains("name"), "{said:?}");
    assert!(said.restored.contains("grade"), "{said:?}");
    assert!(said.restored.contains("task"), "{said:?}");
    let left: Vec<_> = said
        .left
        .iter()
        .map(|left| (left.field.as_deref().unwrap(), left.reason))
        .collect();
    assert!(
        left.contains(&("wechat", LeftReason::ChangedSince)),
        "{left:?}"
    );
    assert!(left.contains(&("note", LeftReason::Fact)), "{left:?}");
    let after = whole(&network, lina, known);
    assert_eq!(after["card"]["name"], before["card"]["name"]);
    assert_eq!(after["contacts"][0]["wechat"], "zhang");
    network.check();
}

#[test]
fn an_undone_update_can_be_imported_again() {
    let mut network = found();
    let lina = network.enrol("李娜");
    carded(&mut network, lina);
    let rule = by(Sheet::Customers, DuplicateRule::FillBlanks);
    let sheet = grid(&[&["姓名", "手机", "微信"], &["张先生", "13800000001", "zw1"]]);
    let first = import(&mut network, lina, &sheet, &rule);
    undo(&mut network, lina, first.import);

    let again = import(&mut network, lina, &sheet, &rule);

    assert_eq!(verdicts(&again), [Verdict::Updated]);
    assert_eq!(undo(&mut network, lina, again.import).restored, 1);
    network.check();
}

#[test]
fn vehicles_of_an_undone_import_come_back_with_the_next() {
    let mut network = found();
    let (chen, zhou) = (network.enrol("陈刚"), network.enrol("周勇"));
    network.run(
        chen,
        "create_trim",
        json!({"brand": "比亚迪", "series": "汉", "name": "尊贵型", "type_code": "BYD7001"}),
    );
    network.settle();
    let wrong = grid(&[
        &["VIN", "车型", "外观色", "入库日期"],
        &["LSVAA4BR5RN100001", "尊贵型", "白", "2026-04-20"],
    ]);
    let right = grid(&[
        &["VIN", "车型", "外观色", "入库日期"],
        &["LSVAA4BR5RN100001", "尊贵型", "黑", "2026-04-20"],
    ]);
    let first = import(&mut network, zhou, &wrong, &order(Sheet::Vehicles));
    let undone = undo(&mut network, zhou, first.import);
    assert_eq!(undone.deleted, 1);
    let stock = |network: &Network| {
        network.show(zhou, "vehicle_list", json!({}))["rows"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert!(stock(&network).is_empty());

    let second = import(&mut network, zhou, &right, &order(Sheet::Vehicles));

    assert_eq!(verdicts(&second), [Verdict::New]);
    assert_eq!(stock(&network)[0]["ext_color"], "黑");
    network.check();
}

#[test]
fn an_undone_price_list_is_not_in_force() {
    let mut network = found();
    let (chen, he) = (network.enrol("陈刚"), network.enrol("何建国"));
    network.run(
        chen,
        "create_trim",
        json!({"brand": "比亚迪", "series": "汉", "name": "尊贵型", "type_code": "BYD7001"}),
    );
    network.settle();
    let sheet = grid(&[&["车型代码", "指导价"], &["BYD7001", "21.98万"]]);
    let first = import(&mut network, he, &sheet, &order(Sheet::PriceList));
    assert_eq!(undo(&mut network, he, first.import).deleted, 1);
    let again = import(&mut network, he, &sheet, &order(Sheet::PriceList));
    assert_eq!(verdicts(&again), [Verdict::New]);
    assert_ne!(first.rows[0].document, again.rows[0].document);
    network.check();
}
