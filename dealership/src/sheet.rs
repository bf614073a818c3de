//! Spreadsheets as dealers keep them: which columns a sheet has, under which headings, and how a
//! row of text becomes values.
//!
//! Reading files (xlsx, csv, encodings) is the caller's affair: here a sheet is a grid of text.

mod cell;
mod header;
mod range;
pub mod words;

pub use cell::{CellProblem, amount, civil_date, code_of, label_of, text};
pub use header::{Header, HeaderProblem, LEFT_ALONE, find_header, same_heading, same_words};
pub use range::{Range, amount_range, range_text, yuan};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sheet that can be imported or exported.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Sheet {
    /// 客户
    Customers,
    /// 整车入库
    Vehicles,
    /// 价格表
    PriceList,
}

/// One column of a sheet.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// What the rest of the code calls it.
    pub name: &'static str,
    /// The heading that exports bear.
    pub heading: &'static str,
    /// Other headings under which dealers keep it.
    pub synonyms: &'static [&'static str],
    /// Whether a sheet without it cannot be imported.
    pub required: bool,
}

/// The cells of one row by the names of their columns; empty cells are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number in the file, the first being 1.
    pub number: usize,
    /// The cells, trimmed.
    pub cells: BTreeMap<&'static str, String>,
}

impl Row {
    /// A cell's text, `None` if it is empty.
    pub fn cell(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }
}

impl Sheet {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Vehicles => "vehicles",
            Self::PriceList => "price-list",
        }
    }

    /// What the trade calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Customers => "客户",
            Self::Vehicles => "整车入库",
            Self::PriceList => "价格表",
        }
    }

    /// Its columns, in the order of exports: the customary ones of the trade.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Customers => CUSTOMERS,
            Self::Vehicles => VEHICLES,
            Self::PriceList => PRICE_LIST,
        }
    }

    /// The columns whose cells are left alone, with the reason.
    pub const fn left_alone(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Customers => &[("last_contact", "it follows from the follow-ups")],
            Self::Vehicles => &[
                ("msrp", "it belongs to the trim and the price list"),
                ("note", "vehicles have no notes yet"),
            ],
            Self::PriceList => &[],
        }
    }

    /// The column of that name.
    pub fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.name == name)
    }

    /// The rows below the header, without those that are empty.
    pub fn rows(self, grid: &[Vec<String>], header: &Header) -> Vec<Row> {
        grid.iter()
            .enumerate()
            .skip(header.line)
            .filter_map(|(index, line)| {
                let cells: BTreeMap<_, _> = header
                    .columns
                    .iter()
                    .filter_map(|(column, place)| {
                        let text = cell::text(line.get(*place)?);
                        (!text.is_empty()).then_some((*column, text))
                    })
                    .collect();
                (!cells.is_empty()).then_some(Row {
                    number: index + 1,
                    cells,
                })
            })
            .collect()
    }
}

const fn column(
    name: &'static str,
    heading: &'static str,
    synonyms: &'static [&'static str],
) -> Column {
    Column {
        name,
        heading,
        synonyms,
        required: false,
    }
}

const fn required(
    name: &'static str,
    heading: &'static str,
    synonyms: &'static [&'static str],
) -> Column {
    Column {
        name,
        heading,
        synonyms,
        required: true,
    }
}

const CUSTOMERS: &[Column] = &[
    required(
        "name",
        "姓名",
        &["客户姓名", "客户名称", "客户", "名称", "name", "customer"],
    ),
    required(
        "phone",
        "手机",
        &[
            "手机号",
            "手机号码",
            "电话",
            "联系电话",
            "联系方式",
            "phone",
            "mobile",
            "tel",
        ],
    ),
    column("gender", "性别", &["gender", "sex"]),
    column("wechat", "微信", &["微信号", "wechat"]),
    column(
        "region",
        "省市区",
        &["地区", "所在地", "城市", "region", "city"],
    ),
    column(
        "source_channel",
        "客户来源",
        &["来源", "来源渠道", "渠道", "source", "channel"],
    ),
    column(
        "series",
        "意向车系",
        &["意向车型", "车系", "意向", "series", "model"],
    ),
    column(
        "grade",
        "意向级别",
        &["级别", "客户级别", "意向等级", "grade", "level"],
    ),
    column("budget", "预算", &["购车预算", "budget"]),
    column("pay_way", "购车方式", &["付款方式", "支付方式", "payment"]),
    column(
        "expected_date",
        "预计购车日期",
        &["预计购车时间", "预购日期", "expected"],
    ),
    column(
        "competitors",
        "竞品",
        &["对比车型", "竞争车型", "competitor"],
    ),
    column(
        "owner",
        "销售顾问",
        &["顾问", "归属顾问", "归属销售顾问", "consultant", "owner"],
    ),
    column(
        "created_at",
        "建档日期",
        &["建卡日期", "建档时间", "created"],
    ),
    column(
        "last_contact",
        "最近跟进",
        &["最近跟进日期", "上次跟进", "last contact"],
    ),
    column(
        "next_follow_up",
        "下次跟进",
        &["下次跟进日期", "下次回访", "next follow-up"],
    ),
    column("note", "备注", &["说明", "note", "remark", "remarks"]),
];

const VEHICLES: &[Column] = &[
    required(
        "vin",
        "VIN",
        &["车架号", "车架号码", "车辆识别代号", "车辆识别码", "底盘号"],
    ),
    column("series", "车系", &["series"]),
    required("trim", "车型", &["车型名称", "配置", "model", "trim"]),
    column("model_year", "年款", &["年份", "model year"]),
    column("trim_code", "公告型号", &["车型代码", "型号", "code"]),
    required(
        "ext_color",
        "外观色",
        &["外观颜色", "车身颜色", "颜色", "外饰", "exterior", "color"],
    ),
    column("int_color", "内饰色", &["内饰颜色", "内饰", "interior"]),
    column("options", "选装", &["选装包", "选配", "options"]),
    column(
        "engine_no",
        "发动机/电机号",
        &["发动机号", "电机号", "发动机号码", "engine no"],
    ),
    column(
        "cert_no",
        "合格证号",
        &["合格证", "合格证编号", "certificate"],
    ),
    column(
        "prod_date",
        "生产日期",
        &["制造日期", "出厂日期", "production date"],
    ),
    column("ship_date", "发车日期", &["发运日期", "shipped"]),
    required(
        "in_date",
        "入库日期",
        &["入库时间", "到店日期", "in date", "received"],
    ),
    column("slot", "库位", &["停放位置", "车位", "slot", "location"]),
    column("msrp", "指导价", &["厂家指导价", "官方指导价", "msrp"]),
    column(
        "custody",
        "合格证状态",
        &["合格证保管", "certificate state"],
    ),
    column("note", "备注", &["说明", "note", "remark"]),
];

const PRICE_LIST: &[Column] = &[
    required(
        "trim_code",
        "车型代码",
        &["公告型号", "车型", "型号", "code", "trim"],
    ),
    required("msrp", "指导价", &["厂家指导价", "官方指导价", "msrp"]),
    column("guide_min", "限价", &["最低限价", "底价", "floor"]),
    column("cash_discount", "现金优惠", &["优惠", "discount"]),
    column(
        "consultant_authority",
        "顾问权限",
        &["销售顾问权限", "consultant authority"],
    ),
    column(
        "manager_authority",
        "经理权限",
        &["销售经理权限", "manager authority"],
    ),
    column("effective_from", "生效日", &["生效日期", "from"]),
    column("effective_to", "失效日", &["失效日期", "截止日期", "to"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_heading_names_two_columns_of_a_sheet() {
        for sheet in [Sheet::Customers, Sheet::Vehicles, Sheet::PriceList] {
            let mut seen = BTreeSet::new();
            for column in sheet.columns() {
                for heading in std::iter::once(&column.heading).chain(column.synonyms) {
                    let plain = header::plain(heading);
                    assert!(
                        seen.insert(plain),
                        "{} names two columns of {}",
                        heading,
                        sheet.name()
                    );
                }
            }
        }
    }
}
