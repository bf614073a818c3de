//! Exports, and that they read back.

use client_core::{ExportError, ExportOrder};
use dealership::import::{DuplicateRule, Verdict};
use dealership::sheet::Sheet;
use serde_json::json;
use stories::{Device, Network};

use super::{by, found, grid, import, order, verdicts};

fn export(
    network: &mut Network,
    device: Device,
    sheet: Sheet,
    reason: Option<&str>,
) -> Result<client_core::Export, ExportError> {
    let now = network.now();
    let order = ExportOrder {
        sheet,
        store: None,
        reason: reason.map(str::to_owned),
    };
    network.replica(device).export(&order, now)
}

fn customers() -> Vec<Vec<String>> {
    grid(&[
        &[
            "姓名",
            "手机",
            "性别",
            "微信",
            "省市区",
            "客户来源",
            "意向车系",
            "意向级别",
            "预算",
            "购车方式",
            "预计购车日期",
            "竞品",
            "销售顾问",
            "建档日期",
            "下次跟进",
            "备注",
        ],
        &[
            "张伟",
            "13800000001/010-12345678",
            "男",
            "zw1",
            "510105",
            "转介绍",
            "汉 尊贵型",
            "A",
            "20-25万",
            "贷款",
            "2026-06-01",
            "小鹏 P7、极氪001",
            "李娜",
            "2026-03-02",
            "2026-05-06",
            "=cmd|' /C calc'!A0",
        ],
        &[
            "李雷",
            "+852 6123 4567",
            "",
            "",
            "",
            "",
            "随便看看",
            "",
            "15万以上",
            "",
            "",
            "",
            "赵敏",
            "",
            "",
            "第一行\n第二行",
        ],
        &[
            "",
            "13800000002",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ],
    ])
}

#[test]
fn an_exported_sheet_of_customers_changes_nothing_when_it_is_imported() {
    let mut network = found();
    let (chen, lina) = (network.enrol("陈刚"), network.enrol("李娜"));
    network.run(
        chen,
        "create_trim",
        json!({"brand": "比亚迪", "series": "汉", "name": "尊贵型", "type_code": "BYD7001"}),
    );
    let first = import(&mut network, chen, &customers(), &order(Sheet::Customers));
    assert_eq!(verdicts(&first), [Verdict::New; 3], "{:#?}", first.rows);
    network.settle();

    let sheet = export(&mut network, chen, Sheet::Customers, Some("核对")).unwrap();

    assert_eq!(sheet.grid.len(), 4);
    let zhang = sheet.grid.iter().find(|row| row[0] == "张伟").unwrap();
    assert_eq!(
        zhang[..16],
        [
            "张伟",
            "13800000001/010-12345678",
            "男",
            "zw1",
            "510105",
            "转介绍",
            "汉 尊贵型",
            "A",
            "200000-250000",
            "贷款",
            "2026-06-01",
            "小鹏 P7、极氪001",
            "李娜",
            "2026-03-02",
            "2026-03-02",
            "2026-05-06",
        ]
    );
    let states = network.replica(chen).states().unwrap();
    for rule in DuplicateRule::ALL {
        if *rule == DuplicateRule::CreateAndMark {
            continue;
        }
        let again = import(
            &mut network,
            chen,
            &sheet.grid,
            &by(Sheet::Customers, *rule),
        );
        assert_eq!(
            verdicts(&again),
            [Verdict::Unchanged; 3],
            "{rule}: {:#?}",
            again.rows
        );
        assert!(again.unknown.is_empty());
    }
    assert_eq!(network.replica(chen).states().unwrap(), states);
    assert!(matches!(
        export(&mut network, lina, Sheet::Customers, Some("核对")),
        Err(ExportError::Forbidden { .. })
    ));
    network.check();
}

#[test]
fn a_manager_says_why_and_the_notes_say_who_when_and_what() {
    let mut network = found();
    let chen = network.enrol("陈刚");
    assert!(matches!(
        export(&mut network, chen, Sheet::Customers, None),
        Err(ExportError::ReasonNotSaid)
    ));
    let sheet = export(&mut network, chen, Sheet::Customers, Some("交接核对")).unwrap();
    let note = |name: &str| {
        let note = sheet.notes.iter().find(|note| note[0] == name);
        note.map(|note| note[1].clone()).unwrap()
    };
    assert_eq!(note("导出人"), "陈刚");
    assert_eq!(note("时间"), "2026-05-03 09:00（北京时间）");
    assert_eq!(note("原因"), "交接核对");
    assert_eq!(note("行数"), "0");
    assert!(note("水印").contains("陈刚"));
    assert!(note("筛选").contains("不含"));
}

#[test]
fn deleted_and_restricted_customers_are_in_no_export() {
    let mut network = found();
    let chen = network.enrol("陈刚");
    let sheet = grid(&[
        &["姓名", "手机"],
        &["张伟", "13800000001"],
        &["王五", "13800000003"],
    ]);
    let done = import(&mut network, chen, &sheet, &order(Sheet::Customers));
    let gone = done.rows[0].document;
    network.run(
        chen,
        "delete_customer",
        json!({"customer": gone, "reason": "test"}),
    );
    let sheet = export(&mut network, chen, Sheet::Customers, Some("核对")).unwrap();
    let names: Vec<_> = sheet.grid[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["王五"]);
}

#[test]
fn exported_vehicles_and_prices_change_nothing_when_they_are_imported() {
    let mut network = found();
    let (chen, zhou, he) = (
        network.enrol("陈刚"),
        network.enrol("周勇"),
        network.enrol("何建国"),
    );
    network.run(
        chen,
        "create_trim",
        json!({"brand": "比亚迪", "series": "汉", "name": "尊贵型", "type_code": "BYD7001",
               "model_year": 2026, "msrp": 21_980_000, "ext_colors": {"white": "雪域白"},
               "options": {"sunroof": "全景天窗"}}),
    );
    network.settle();
    let vehicles = grid(&[
        &[
            "VIN",
            "车型",
            "外观色",
            "内饰色",
            "选装",
            "发动机/电机号",
            "入库日期",
            "库位",
            "合格证状态",
        ],
        &[
            "LSVAA4BR5RN100001",
            "汉 尊贵型",
            "雪域白",
            "棕",
            "全景天窗",
            "E1/M1",
            "2026-04-20",
            "A1",
            "质押",
        ],
        &[
            "LGXCE4CB8S0123456",
            "BYD7001",
            "灰",
            "",
            "",
            "",
            "2026-04-20",
            "",
            "",
        ],
    ]);
    let prices = grid(&[
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
            "219800",
            "209800.5",
            "3000",
            "2000",
            "5000",
            "2026-05-01",
            "2026-05-31",
        ],
    ]);
    for (device, sheet, lines) in [
        (zhou, Sheet::Vehicles, vehicles),
        (he, Sheet::PriceList, prices),
    ] {
        let first = import(&mut network, device, &lines, &order(sheet));
        assert_eq!(first.summary.new, lines.len() - 1, "{:#?}", first.rows);
        let exported = export(&mut network, device, sheet, None).unwrap();
        assert_eq!(exported.grid.len(), lines.len());
        let states = network.replica(device).states().unwrap();
        for rule in DuplicateRule::ALL {
            let again = import(&mut network, device, &exported.grid, &by(sheet, *rule));
            assert_eq!(
                again.summary.unchanged,
                lines.len() - 1,
                "{rule}: {:#?}",
                again.rows
            );
        }
        assert_eq!(network.replica(device).states().unwrap(), states);
    }
    network.check();
}
