//! The sheets of vehicles and of prices.

use dealership::import::{DuplicateRule, FindingCode, Verdict};
use dealership::sheet::Sheet;
use serde_json::{Value as Json, json};
use stories::{Device, Network};

use super::{by, codes, found, grid, import, order, verdicts};

const V1: &str = "LSVAA4BR5RN100001";
const V2: &str = "LGXCE4CB8S0123456";
const DOUBTFUL: &str = "LSVAA4BR6RN100001";

/// Two trims of a series, made by the manager.
fn trims(network: &mut Network, manager: Device) -> [Json; 2] {
    [("尊贵型", "BYD7001"), ("旗舰型", "BYD7002")].map(|(name, code)| {
        let made = network.run(
            manager,
            "create_trim",
            json!({"brand": "比亚迪", "series": "汉", "name": name, "model_year": 2026,
                   "type_code": code, "energy": "bev", "msrp": 21_980_000,
                   "ext_colors": {"white": "雪域白", "black": "曜石黑"},
                   "options": {"sunroof": "全景天窗"}}),
        );
        made.output["trim"].clone()
    })
}

fn vehicles() -> Vec<Vec<String>> {
    grid(&[
        &[
            "车架号",
            "车系",
            "车型名称",
            "外观颜色",
            "选装",
            "电机号",
            "合格证号",
            "生产日期",
            "入库时间",
            "库位",
            "合格证状态",
            "指导价",
        ],
        &[
            "LSV AA4BR5 RN100001",
            "汉",
            "尊贵型",
            "雪域白",
            "全景天窗、轮毂锁",
            "TZ200-1",
            "WAB1",
            "2026-03-01",
            "2026/4/20",
            "A-12",
            "在店",
            "219800",
        ],
        &[
            V2,
            "汉",
            "旗舰型",
            "特调灰",
            "",
            "",
            "",
            "",
            "2026-04-21",
            "",
            "",
            "",
        ],
        &[
            DOUBTFUL,
            "汉",
            "旗舰型",
            "曜石黑",
            "",
            "",
            "",
            "",
            "2026-04-21",
            "",
            "",
            "",
        ],
        &[
            "LSVAA4BR5RN1OO001",
            "汉",
            "旗舰型",
            "曜石黑",
            "",
            "",
            "",
            "",
            "2026-04-21",
            "",
            "",
            "",
        ],
        &[
            "LFV2A21KXP3000042",
            "汉",
            "至尊型",
            "曜石黑",
            "",
            "",
            "",
            "2026-05-01",
            "2026-04-21",
            "",
            "",
            "",
        ],
        &[
            "HLX33B128TK000007",
            "汉",
            "尊贵型",
            "",
            "",
            "",
            "",
            "",
            "2027-01-01",
            "",
            "",
            "",
        ],
    ])
}

fn keeper() -> (Network, Device) {
    let mut network = found();
    let (chen, zhou) = (network.enrol("陈刚"), network.enrol("周勇"));
    trims(&mut network, chen);
    network.settle();
    (network, zhou)
}

fn vehicle(
    network: &Network,
    device: Device,
    report: &client_core::ImportReport,
    row: usize,
) -> Json {
    let id = report.rows[row].document.unwrap();
    network.show(device, "vehicle_detail", json!({ "vehicle": id }))
}

#[test]
fn vehicles_come_into_stock_and_every_fault_is_named() {
    let (mut network, zhou) = keeper();

    let report = import(&mut network, zhou, &vehicles(), &order(Sheet::Vehicles));

    assert_eq!(
        verdicts(&report),
        [
            Verdict::New,
            Verdict::New,
            Verdict::Error,
            Verdict::Error,
            Verdict::Error,
            Verdict::Error
        ]
    );
    assert_eq!(codes(&report.rows[0]), [FindingCode::NotTaken]);
    assert_eq!(codes(&report.rows[2]), [FindingCode::DoubtfulVin]);
    assert_eq!(codes(&report.rows[3]), [FindingCode::NotAVin]);
    assert!(
        report.rows[3].findings[0].finding.text.contains(V1),
        "the right VIN is proposed"
    );
    assert_eq!(
        codes(&report.rows[4]),
        [FindingCode::NotKnown, FindingCode::Invalid]
    );
    assert_eq!(
        codes(&report.rows[5]),
        [FindingCode::StillToCome, FindingCode::Missing]
    );
    let shown = vehicle(&network, zhou, &report, 0).to_string();
    for part in [
        "\"white\"",
        "\"sunroof\"",
        "TZ200-1",
        "A-12",
        "in_house",
        "2026-04-20",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    network.check();
}

#[test]
fn the_same_vehicles_twice_change_nothing() {
    let (mut network, zhou) = keeper();
    for rule in DuplicateRule::ALL {
        import(&mut network, zhou, &vehicles(), &by(Sheet::Vehicles, *rule));
        let states = network.replica(zhou).states().unwrap();
        let second = import(&mut network, zhou, &vehicles(), &by(Sheet::Vehicles, *rule));
        assert_eq!(network.replica(zhou).states().unwrap(), states, "{rule}");
        assert_eq!(
            (second.summary.new, second.summary.updated),
            (0, 0),
            "{rule}"
        );
    }
    network.check();
}

#[test]
fn a_doubtful_vin_is_taken_with_a_reason() {
    let (mut network, zhou) = keeper();
    let mut confirmed = order(Sheet::Vehicles);
    confirmed.vin_reason = Some("照片已核对".to_owned());
    let report = import(&mut network, zhou, &vehicles(), &confirmed);
    assert_eq!(report.rows[2].verdict, Verdict::New);
    let shown = vehicle(&network, zhou, &report, 2).to_string();
    assert!(shown.contains("照片已核对"), "{shown}");
}

#[test]
fn the_rule_decides_what_a_known_vin_changes() {
    let changed = grid(&[
        &["VIN", "车型", "外观色", "入库日期", "合格证号", "库位"],
        &[V2, "旗舰型", "曜石黑", "2026-04-21", "WAB2", "B-1"],
    ]);
    for (rule, verdict, color, certificate) in [
        (DuplicateRule::Skip, Verdict::Duplicate, "特调灰", None),
        (
            DuplicateRule::CreateAndMark,
            Verdict::Duplicate,
            "特调灰",
            None,
        ),
        (
            DuplicateRule::FillBlanks,
            Verdict::Updated,
            "特调灰",
            Some("WAB2"),
        ),
        (
            DuplicateRule::Overwrite,
            Verdict::Updated,
            "black",
            Some("WAB2"),
        ),
    ] {
        let (mut network, zhou) = keeper();
        import(&mut network, zhou, &vehicles(), &order(Sheet::Vehicles));

        let report = import(&mut network, zhou, &changed, &by(Sheet::Vehicles, rule));

        assert_eq!(verdicts(&report), [verdict], "{rule}");
        let shown = vehicle(&network, zhou, &report, 0).to_string();
        assert!(shown.contains(color), "{rule}: {shown}");
        assert_eq!(
            shown.contains("WAB2"),
            certificate.is_some(),
            "{rule}: {shown}"
        );
        network.check();
    }
}

#[test]
fn a_consultant_imports_no_vehicles() {
    let mut network = found();
    let (chen, lina) = (network.enrol("陈刚"), network.enrol("李娜"));
    trims(&mut network, chen);
    network.settle();
    let report = import(&mut network, lina, &vehicles(), &order(Sheet::Vehicles));
    assert_eq!(codes(&report.rows[0]), [FindingCode::Forbidden]);
    assert_eq!(report.summary.new, 0);
}

fn prices(first: &str) -> Vec<Vec<String>> {
    grid(&[
        &[
            "车型代码",
            "指导价",
            "限价",
            "现金优惠",
            "顾问权限",
            "经理权限",
            "生效日",
            "失效日",
        ],
        &[
            "BYD7001",
            first,
            "20.5万",
            "3000",
            "2000",
            "5000",
            "2026-05-01",
            "2026-05-31",
        ],
        &[
            "汉 旗舰型",
            "24.98万",
            "",
            "",
            "",
            "",
            "2026-05-01",
            "2026-05-31",
        ],
        &["BYD7001", "1", "", "", "", "", "2026-05-01", "2026-05-31"],
        &["BYD9999", "1", "", "", "", "", "2026-05-01", ""],
        &["BYD7001", "20万", "21万", "", "", "", "2026-06-01", ""],
    ])
}

fn publisher() -> (Network, Device, Device) {
    let mut network = found();
    let (chen, he) = (network.enrol("陈刚"), network.enrol("何建国"));
    trims(&mut network, chen);
    network.settle();
    (network, chen, he)
}

#[test]
fn a_sheet_of_prices_becomes_one_version_and_faulty_rows_stay_out() {
    let (mut network, _, he) = publisher();

    let report = import(
        &mut network,
        he,
        &prices("21.98万"),
        &order(Sheet::PriceList),
    );

    assert_eq!(
        verdicts(&report),
        [
            Verdict::New,
            Verdict::New,
            Verdict::Error,
            Verdict::Error,
            Verdict::Error
        ]
    );
    assert_eq!(codes(&report.rows[2]), [FindingCode::Repeated]);
    assert_eq!(codes(&report.rows[3]), [FindingCode::NotKnown]);
    assert_eq!(codes(&report.rows[4]), [FindingCode::Invalid]);
    assert_eq!(report.rows[0].document, report.rows[1].document);
    assert_eq!(report.changed.len(), 1, "one version");
    network.check();
}

#[test]
fn the_same_prices_twice_publish_nothing() {
    let (mut network, _, he) = publisher();
    for rule in DuplicateRule::ALL {
        import(
            &mut network,
            he,
            &prices("21.98万"),
            &by(Sheet::PriceList, *rule),
        );
        let states = network.replica(he).states().unwrap();
        let again = import(
            &mut network,
            he,
            &prices("21.98万"),
            &by(Sheet::PriceList, *rule),
        );
        assert_eq!(network.replica(he).states().unwrap(), states, "{rule}");
        assert!(again.changed.is_empty());
    }
    network.check();
}

#[test]
fn a_new_price_is_published_by_the_rule_that_overwrites_only() {
    let (mut network, _, he) = publisher();
    import(
        &mut network,
        he,
        &prices("21.98万"),
        &order(Sheet::PriceList),
    );

    let skipped = import(
        &mut network,
        he,
        &prices("21.58万"),
        &order(Sheet::PriceList),
    );
    let rule = by(Sheet::PriceList, DuplicateRule::Overwrite);
    let published = import(&mut network, he, &prices("21.58万"), &rule);

    assert_eq!(skipped.rows[0].verdict, Verdict::Duplicate);
    assert_eq!(skipped.rows[0].columns, ["指导价"]);
    assert!(skipped.changed.is_empty());
    assert_eq!(published.rows[0].verdict, Verdict::Updated);
    assert_eq!(published.rows[1].verdict, Verdict::Unchanged);
    assert_eq!(published.changed.len(), 1);
    network.check();
}

#[test]
fn a_manager_publishes_no_prices() {
    let (mut network, chen, _) = publisher();
    let report = import(
        &mut network,
        chen,
        &prices("21.98万"),
        &order(Sheet::PriceList),
    );
    assert_eq!(report.summary.error, 5);
    assert!(
        report
            .rows
            .iter()
            .all(|row| codes(row) == [FindingCode::Forbidden])
    );
}
