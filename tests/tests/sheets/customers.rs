//! The sheet of customers.

use dealership::DocumentId;
use dealership::import::{DuplicateRule, FindingCode, Verdict};
use dealership::sheet::Sheet;
use serde_json::{Value as Json, json};
use stories::{Device, Network};

use super::{by, codes, found, grid, import, order, verdicts};

/// A sheet as a dealer keeps it: a title above, other names for the columns.
fn sheet() -> Vec<Vec<String>> {
    grid(&[
        &["城东店客户名单"],
        &[],
        &[
            "序号",
            "客户姓名",
            "联系电话",
            "性别",
            "微信号",
            "客户来源",
            "意向车系",
            "级别",
            "预算",
            "付款方式",
            "预计购车日期",
            "竞品",
            "建档日期",
            "最近跟进",
            "下次跟进",
            "备注",
        ],
        &[
            "1",
            "张伟",
            "138 0000 0001",
            "男",
            "zw1",
            "转介绍",
            "汉",
            "A",
            "20-25万",
            "贷款",
            "2026-06-01",
            "小鹏 P7、极氪001",
            "2026-03-02",
            "2026-04-30",
            "2026-05-05",
            "周末看车",
        ],
        &[
            "2",
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
        ],
        &[
            "3", "李四", "1.38E+10", "", "", "", "", "", "", "", "", "", "", "", "", "",
        ],
        &[
            "4",
            "王五",
            "13800000003",
            "男孩",
            "",
            "",
            "",
            "Z",
            "",
            "",
            "昨天",
            "",
            "",
            "",
            "",
            "",
        ],
        &[
            "5", "赵六", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
        ],
    ])
}

fn customer(network: &Network, device: Device, id: DocumentId) -> Json {
    network.show(device, "customer_detail", json!({ "customer": id }))
}

#[test]
fn every_row_gets_a_verdict_and_no_phone_is_dropped() {
    let mut network = found();
    let lina = network.enrol("李娜");

    let report = import(&mut network, lina, &sheet(), &order(Sheet::Customers));

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
    assert_eq!(report.header_line, 3);
    assert_eq!(report.unknown, ["序号"]);
    let left: Vec<_> = report
        .columns
        .iter()
        .filter(|column| column.left_alone.is_some())
        .map(|column| column.heading.as_str())
        .collect();
    assert_eq!(left, ["最近跟进"]);
    let rows: Vec<_> = report.rows.iter().map(|row| row.row).collect();
    assert_eq!(rows, [4, 5, 6, 7, 8]);
    assert_eq!(codes(&report.rows[1]), [FindingCode::MadeUp]);
    assert_eq!(codes(&report.rows[2]), [FindingCode::NotAPhone]);
    let headings: Vec<_> = report.rows[3]
        .findings
        .iter()
        .map(|found| (found.heading.as_deref().unwrap(), found.finding.code))
        .collect();
    assert_eq!(
        headings,
        [
            ("性别", FindingCode::NotOneOf),
            ("级别", FindingCode::NotOneOf),
            ("预计购车日期", FindingCode::NotADate),
        ]
    );
    assert_eq!(codes(&report.rows[4]), [FindingCode::Missing]);
    let whole = customer(&network, lina, report.rows[0].document.unwrap());
    assert_eq!(whole["card"]["name"], "张伟", "{whole:#}");
    network.check();
}

#[test]
fn the_same_file_twice_changes_nothing_at_all() {
    let mut network = found();
    let lina = network.enrol("李娜");
    for rule in DuplicateRule::ALL {
        let first = import(&mut network, lina, &sheet(), &by(Sheet::Customers, *rule));
        let states = network.replica(lina).states().unwrap();

        let second = import(&mut network, lina, &sheet(), &by(Sheet::Customers, *rule));

        assert_eq!(network.replica(lina).states().unwrap(), states, "{rule}");
        assert_eq!(second.import, first.import);
        assert_eq!(
            (second.summary.new, second.summary.updated),
            (0, 0),
            "{rule}"
        );
        assert!(second.changed.is_empty());
    }
    network.check();
}

#[test]
fn a_preview_says_what_the_run_does_and_keeps_nothing() {
    let mut network = found();
    let lina = network.enrol("李娜");
    let before = network.replica(lina).states().unwrap();
    let mut preview = order(Sheet::Customers);
    preview.dry_run = true;

    let said = import(&mut network, lina, &sheet(), &preview);

    assert_eq!(network.replica(lina).states().unwrap(), before);
    let done = import(&mut network, lina, &sheet(), &order(Sheet::Customers));
    assert_eq!(verdicts(&said), verdicts(&done));
    assert_eq!(said.import, done.import);
    network.check();
}

fn one(name: &str, phone: &str, wechat: &str, source: &str) -> Vec<Vec<String>> {
    grid(&[
        &["姓名", "手机", "微信", "客户来源"],
        &[name, phone, wechat, source],
    ])
}

/// A customer with a name and a number, carded by hand.
fn carded(network: &mut Network, device: Device) -> DocumentId {
    let made = network.run(
        device,
        "create_customer",
        json!({"name": "张先生", "phone": "13800000001", "source_channel": "walk_in"}),
    );
    made.output["customer"].as_str().unwrap().parse().unwrap()
}

#[test]
fn the_rule_for_duplicates_decides_what_a_known_phone_changes() {
    for (rule, verdict, columns, name, wechat) in [
        (
            DuplicateRule::Skip,
            Verdict::Duplicate,
            3,
            "张先生",
            Json::Null,
        ),
        (
            DuplicateRule::FillBlanks,
            Verdict::Updated,
            1,
            "张先生",
            json!("zw1"),
        ),
        (
            DuplicateRule::Overwrite,
            Verdict::Updated,
            3,
            "张伟",
            json!("zw1"),
        ),
    ] {
        let mut network = found();
        let lina = network.enrol("李娜");
        let known = carded(&mut network, lina);
        let sheet = one("张伟", "+86 138-0000-0001", "zw1", "转介绍");

        let report = import(&mut network, lina, &sheet, &by(Sheet::Customers, rule));

        let row = &report.rows[0];
        assert_eq!(row.verdict, verdict, "{rule}");
        assert_eq!(row.document, Some(known), "{rule}");
        assert_eq!(row.columns.len(), columns, "{rule}: {row:?}");
        assert_eq!(codes(row), [FindingCode::AlreadyCarded]);
        let whole = customer(&network, lina, known);
        assert_eq!(whole["card"]["name"], name, "{rule}");
        assert_eq!(whole["contacts"][0]["wechat"], wechat, "{rule}: {whole:#}");
        network.check();
    }
}

#[test]
fn a_marked_duplicate_is_a_customer_of_its_own_and_a_case() {
    let mut network = found();
    let lina = network.enrol("李娜");
    let known = carded(&mut network, lina);
    let sheet = one("张伟", "13800000001", "", "");

    let rule = by(Sheet::Customers, DuplicateRule::CreateAndMark);
    let report = import(&mut network, lina, &sheet, &rule);

    assert_eq!(verdicts(&report), [Verdict::New]);
    assert_ne!(report.rows[0].document, Some(known));
    let cases = network.show(lina, "cases", json!({}));
    assert!(cases.to_string().contains("dup"), "{cases}");
    network.check();
}

#[test]
fn a_row_that_says_nothing_new_is_unchanged() {
    let mut network = found();
    let lina = network.enrol("李娜");
    carded(&mut network, lina);
    for rule in [
        DuplicateRule::Skip,
        DuplicateRule::FillBlanks,
        DuplicateRule::Overwrite,
    ] {
        let sheet = one("张先生", "13800000001", "", "自然到店");
        let report = import(&mut network, lina, &sheet, &by(Sheet::Customers, rule));
        assert_eq!(verdicts(&report), [Verdict::Unchanged], "{rule}");
    }
}

#[test]
fn a_number_that_stands_twice_in_a_file_is_one_customer() {
    let mut network = found();
    let lina = network.enrol("李娜");
    let sheet = grid(&[
        &["姓名", "手机"],
        &["张伟", "13800000001"],
        &["张伟", "13800000001"],
        &["张太太", "13800000001/13800000009"],
    ]);
    let report = import(&mut network, lina, &sheet, &order(Sheet::Customers));
    assert_eq!(
        verdicts(&report),
        [Verdict::New, Verdict::Unchanged, Verdict::Duplicate]
    );
}

#[test]
fn a_refused_row_is_a_verdict_and_stops_no_other() {
    let mut network = found();
    let lina = network.enrol("李娜");
    network.enrol("赵敏");
    // A consultant does not write into a colleague's contacts, and nobody is called 钱多多.
    let sheet = grid(&[
        &["姓名", "手机", "销售顾问"],
        &["张伟", "13800000001", "赵敏"],
        &["李四", "13800000002", "钱多多"],
        &["王五", "13800000003", "李娜"],
    ]);

    let report = import(&mut network, lina, &sheet, &order(Sheet::Customers));

    assert_eq!(
        verdicts(&report),
        [Verdict::Error, Verdict::Error, Verdict::New]
    );
    assert_eq!(codes(&report.rows[0]), [FindingCode::Forbidden]);
    assert_eq!(codes(&report.rows[1]), [FindingCode::NotKnown]);
    network.check();
}

#[test]
fn a_manager_imports_for_consultants_and_they_receive_it() {
    let mut network = found();
    let (chen, lina) = (network.enrol("陈刚"), network.enrol("李娜"));
    let sheet = grid(&[
        &["姓名", "手机", "销售顾问"],
        &["张伟", "13800000001", "李娜"],
    ]);
    let report = import(&mut network, chen, &sheet, &order(Sheet::Customers));
    assert_eq!(verdicts(&report), [Verdict::New]);
    network.settle();
    let whole = customer(&network, lina, report.rows[0].document.unwrap());
    assert_eq!(
        whole["contacts"][0]["phones"][0]["number"], "+8613800000001",
        "{whole:#}"
    );
    network.check();
}

#[test]
fn a_colleagues_customer_is_named_and_left_alone() {
    let mut network = found();
    let (lina, zhao) = (network.enrol("李娜"), network.enrol("赵敏"));
    let known = carded(&mut network, zhao);
    network.settle();
    let sheet = one("张伟", "13800000001", "zw1", "");

    let rule = by(Sheet::Customers, DuplicateRule::Overwrite);
    let report = import(&mut network, lina, &sheet, &rule);

    assert_eq!(verdicts(&report), [Verdict::Duplicate]);
    assert_eq!(report.rows[0].document, Some(known));
    assert!(codes(&report.rows[0]).contains(&FindingCode::Colleagues));
}

#[test]
fn an_assigned_heading_is_remembered() {
    let mut network = found();
    let lina = network.enrol("李娜");
    let sheet = grid(&[&["车主大名", "手机"], &["张伟", "13800000001"]]);
    let mut assigning = order(Sheet::Customers);
    let now = network.now();
    let replica = network.replica(lina);
    assert!(
        replica
            .import(&sheet, &assigning, now, &mut |_| {})
            .is_err()
    );
    assigning
        .headings
        .insert("车主大名".to_owned(), "姓名".to_owned());
    import(&mut network, lina, &sheet, &assigning);

    let again = import(&mut network, lina, &sheet, &order(Sheet::Customers));

    let column = &again.columns[0];
    assert_eq!((column.column.as_str(), column.remembered), ("name", true));
    assert!(!again.columns[1].remembered);
}

#[test]
fn an_interrupted_import_is_finished_by_running_it_again() {
    let mut network = found();
    let lina = network.enrol("李娜");
    let mut sheet = grid(&[&["姓名", "手机"]]);
    for number in 0..250 {
        sheet.push(vec![format!("客户{number}"), format!("139{number:08}")]);
    }
    let whole = order(Sheet::Customers);
    let now = network.now();
    // The program ends behind the first transaction.
    let interrupted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        network
            .replica(lina)
            .import(&sheet, &whole, now, &mut |progress| {
                assert!(progress.done < 100, "the power fails");
            })
    }));
    assert!(interrupted.is_err());

    let report = import(&mut network, lina, &sheet, &whole);

    assert_eq!((report.summary.unchanged, report.summary.new), (100, 150));
    let list = network.show(lina, "customer_list", json!({"limit": 500}));
    assert_eq!(list["rows"].as_array().unwrap().len(), 250);
}
