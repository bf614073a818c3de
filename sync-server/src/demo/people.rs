//! Who works in the demo group, and what people are called.

use super::dice::Dice;

/// A store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showroom {
    /// Its name.
    pub(super) name: &'static str,
    /// Its code.
    pub(super) code: &'static str,
    /// How many of a hundred deals it makes.
    pub(super) share: u64,
    /// How many days before the group's founding its people were hired.
    pub(super) hired_before: i64,
    manager: &'static str,
    keeper: &'static str,
    consultants: &'static [&'static str],
    others: &'static [(&'static str, &'static str)],
}

/// Every store.
pub(super) const SHOWROOMS: &[Showroom] = &[
    Showroom {
        name: "城东店",
        code: "CD",
        share: 45,
        hired_before: 1_400,
        manager: "陈刚",
        keeper: "周勇",
        consultants: &[
            "李娜", "赵敏", "黄磊", "林静", "徐鹏", "高洁", "郭涛", "罗婷",
        ],
        others: &[
            ("宋丽", "finance"),
            ("邓超群", "service_adviser"),
            ("韩冰", "service_adviser"),
            ("曹阳", "service_adviser"),
            ("彭雪", "call_centre"),
        ],
    },
    Showroom {
        name: "城西店",
        code: "CX",
        share: 33,
        hired_before: 800,
        manager: "孙莉",
        keeper: "董建",
        consultants: &["王强", "梁燕", "唐伟", "许静怡", "冯凯", "于洋"],
        others: &[
            ("萧红", "service_adviser"),
            ("程亮", "service_adviser"),
            ("袁媛", "call_centre"),
        ],
    },
    Showroom {
        name: "高新店",
        code: "GX",
        share: 22,
        hired_before: 20,
        manager: "蒋毅",
        keeper: "沈浩",
        consultants: &["余欢", "潘登", "杜娟", "戴军"],
        others: &[("夏雨", "service_adviser"), ("钟华", "service_adviser")],
    },
];

/// Those who serve the whole group, the general manager first: he founds everything.
const GROUP: &[(&str, &str)] = &[
    ("何建国", "general_manager"),
    ("马超", "administrator"),
    ("吴芳", "finance"),
];

/// The place of a member of staff in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat(pub(super) usize);

impl Seat {
    /// The general manager.
    pub(super) const GENERAL_MANAGER: Self = Self(0);
    /// The head of finance.
    pub(super) const FINANCE: Self = Self(2);
}

/// A member of staff.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Their name.
    pub(super) name: &'static str,
    /// What they do.
    pub(super) role: &'static str,
    /// Where, as a place in [`SHOWROOMS`]; everywhere if left out.
    pub(super) showroom: Option<usize>,
}

/// Everyone.
#[derive(Clone, Debug)]
pub(super) struct Staff {
    members: Vec<Member>,
}

impl Staff {
    /// The staff of the recipe.
    pub(super) fn new() -> Self {
        let mut members: Vec<Member> = GROUP
            .iter()
            .map(|(name, role)| member(name, role, None))
            .collect();
        for (index, showroom) in SHOWROOMS.iter().enumerate() {
            let here = Some(index);
            members.push(member(showroom.manager, "manager", here));
            members.push(member(showroom.keeper, "stock_keeper", here));
            let consultants = showroom.consultants.iter();
            members.extend(consultants.map(|name| member(name, "consultant", here)));
            let others = showroom.others.iter();
            members.extend(others.map(|(name, role)| member(name, role, here)));
        }
        Self { members }
    }

    /// Everyone, in order of seats.
    pub(super) fn members(&self) -> impl Iterator<Item = (Seat, &Member)> {
        self.members
            .iter()
            .enumerate()
            .map(|(index, member)| (Seat(index), member))
    }

    /// The manager of a store.
    pub(super) fn manager(&self, showroom: usize) -> Seat {
        self.first(showroom, "manager")
    }

    /// The stock keeper of a store.
    pub(super) fn keeper(&self, showroom: usize) -> Seat {
        self.first(showroom, "stock_keeper")
    }

    /// The consultants of a store.
    pub(super) fn consultants(&self, showroom: usize) -> Vec<Seat> {
        self.of(showroom, "consultant").collect()
    }

    fn first(&self, showroom: usize, role: &'static str) -> Seat {
        self.of(showroom, role)
            .next()
            .unwrap_or(Seat::GENERAL_MANAGER)
    }

    fn of(&self, showroom: usize, role: &'static str) -> impl Iterator<Item = Seat> {
        self.members()
            .filter(move |(_, member)| member.showroom == Some(showroom) && member.role == role)
            .map(|(seat, _)| seat)
    }
}

const fn member(name: &'static str, role: &'static str, showroom: Option<usize>) -> Member {
    Member {
        name,
        role,
        showroom,
    }
}

const SURNAMES: &[(&str, u64)] = &[
    ("王", 72),
    ("李", 72),
    ("张", 68),
    ("刘", 54),
    ("陈", 45),
    ("杨", 31),
    ("黄", 22),
    ("赵", 21),
    ("吴", 20),
    ("周", 19),
    ("徐", 17),
    ("孙", 15),
    ("马", 13),
    ("朱", 13),
    ("胡", 13),
    ("郭", 12),
    ("何", 12),
    ("林", 11),
    ("罗", 10),
    ("高", 10),
    ("欧阳", 2),
];

const MEN: &[&str] = &[
    "伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "明", "辉", "建华", "志强", "文博", "浩然",
    "子轩", "俊杰", "海波", "国庆", "晓东", "一鸣",
];

const WOMEN: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "婷", "雪", "秀英", "雅琴", "思雨", "欣怡",
    "梦洁", "晓燕", "佳慧", "玉兰", "诗涵", "文静",
];

const COMPANIES: &[&str] = &[
    "恒信物流",
    "明远建材",
    "蓝天电子",
    "汇丰源商贸",
    "德润装饰",
    "华安安防",
    "锦程租赁",
    "鼎盛食品",
];

/// What a person is called, by gender.
pub(super) fn name(dice: &mut Dice, is_female: bool) -> String {
    let given = if is_female { WOMEN } else { MEN };
    let given = dice.pick(given).copied().unwrap_or_default();
    format!("{}{given}", dice.one_of(SURNAMES))
}

/// What a company is called.
pub(super) fn company(dice: &mut Dice) -> String {
    let name = dice.pick(COMPANIES).copied().unwrap_or_default();
    format!("{name}有限公司")
}

const COMPETITORS: &[&str] = &["星途 C5", "远景 H6", "凌云 L7", "海豚湾 EV"];

/// A car of another brand that the customer compares with; all are invented.
pub(super) fn competitor(dice: &mut Dice) -> &'static str {
    dice.pick(COMPETITORS).copied().unwrap_or_default()
}

/// What a consultant writes after a call or a visit.
pub(super) fn remark(dice: &mut Dice, series: &str) -> String {
    const CARES: &[&str] = &[
        "关注价格优惠",
        "关注续航和充电",
        "关注后排空间",
        "关注油耗",
        "关注置换补贴",
        "关注现车颜色",
        "关注贷款月供",
        "关注保养费用",
        "关注智能驾驶",
        "关注安全配置",
    ];
    const STATES: &[&str] = &[
        "家人还在商量",
        "预算基本确定",
        "月底前想定下来",
        "还要再看一家",
        "等活动政策",
        "等年终奖",
    ];
    const NEXT: &[&str] = &[
        "约周末到店",
        "约试驾",
        "微信发配置表",
        "下周再联系",
        "发报价单",
        "邀请参加团购会",
    ];
    let mut one = |list: &[&'static str]| dice.pick(list).copied().unwrap_or_default();
    let (care, state, next) = (one(CARES), one(STATES), one(NEXT));
    let compared = if dice.percent(35) {
        format!(", 对比{}", competitor(dice))
    } else {
        String::new()
    };
    format!("看{series}, {care}{compared}, {state}, {next}")
}
