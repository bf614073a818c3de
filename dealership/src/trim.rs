//! Trims: what the group sells, as the maker describes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::document::Document;
use crate::fen::Fen;
use crate::id::TrimId;
use crate::kind::Kind;

coded_enum! {
    /// What a vehicle is driven by (能源).
    pub enum Energy {
        /// 燃油
        Combustion = "ice",
        /// 混合动力
        Hybrid = "hev",
        /// 插电混动
        PlugInHybrid = "phev",
        /// 增程
        RangeExtender = "erev",
        /// 纯电
        Electric = "bev",
        /// 燃料电池
        FuelCell = "fcev",
    }
}

coded_enum! {
    /// The shape of a vehicle (车身).
    pub enum Body {
        /// 轿车
        Sedan = "sedan",
        /// 两厢
        Hatch = "hatch",
        /// SUV
        Suv = "suv",
        /// MPV
        Mpv = "mpv",
        /// 旅行
        Wagon = "wagon",
        /// 皮卡
        Pickup = "pickup",
        /// 轿跑
        Coupe = "coupe",
        /// 轻客
        Van = "van",
    }
}

/// A trim (车型配置).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trim {
    /// Which.
    pub id: TrimId,
    /// 品牌
    pub brand: String,
    /// 车系
    pub series: String,
    /// 年款
    pub model_year: Option<i64>,
    /// 配置
    pub name: String,
    /// 公告型号
    pub type_code: Option<String>,
    /// 能源
    pub energy: Option<Energy>,
    /// 车身
    pub body: Option<Body>,
    /// 座位数
    pub seats: Option<i64>,
    /// 排量, in millilitres.
    pub displacement_ml: Option<i64>,
    /// 续航, in kilometres.
    pub range_km: Option<i64>,
    /// 指导价
    pub msrp: Option<Fen>,
    /// Colours outside: codes with the names that people see.
    pub ext_colors: BTreeMap<String, String>,
    /// Colours inside: codes with the names that people see.
    pub int_colors: BTreeMap<String, String>,
    /// Options: codes with the names that people see.
    pub options: BTreeMap<String, String>,
    /// 质保, in months.
    pub warranty_months: Option<i64>,
    /// 质保里程, in kilometres.
    pub warranty_km: Option<i64>,
    /// Whether it is no longer sold.
    pub off_sale: bool,
}

impl Trim {
    /// What people call it: series and name.
    pub fn label(&self) -> String {
        format!("{} {}", self.series, self.name).trim().to_owned()
    }

    /// Reads a trim; `None` if the document is of another kind.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Trim {
            return None;
        }
        let text = |key: &str| document.text(key).unwrap_or_default().to_owned();
        let labels = |name: &'static str| {
            document
                .members(name)
                .filter_map(|(code, label)| {
                    Some((code.to_owned(), label.value.as_text()?.to_owned()))
                })
                .collect()
        };
        Some(Self {
            id: document.id().into(),
            brand: text("brand"),
            series: text("series"),
            model_year: document.int("model_year"),
            name: text("name"),
            type_code: document.text("type_code").map(str::to_owned),
            energy: document.parsed("energy"),
            body: document.parsed("body"),
            seats: document.int("seats"),
            displacement_ml: document.int("displacement_ml"),
            range_km: document.int("range_km"),
            msrp: document.int("msrp").map(Fen::new),
            ext_colors: labels("ext_color"),
            int_colors: labels("int_color"),
            options: labels("option"),
            warranty_months: document.int("warranty_months"),
            warranty_km: document.int("warranty_km"),
            off_sale: document.flag("off_sale"),
        })
    }
}
