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
            ("冯伟", "service_adviser"),
            ("韩冰", "service_adviser"),
            ("曹阳", "service_adviser"),
            ("郑洁", "call_centre"),
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

    /// Whoever is called that.
    pub(super) fn called(&self, name: &str) -> Option<Seat> {
        let mut members = self.members();
        members
            .find(|(_, member)| member.name == name)
            .map(|(seat, _)| seat)
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

/// Given names of one character. 伟 is not among them, nor does a name of two begin with it or
/// with what may sound like it, as 立 may: the walkthrough finds its 张伟 by typing `zhangwei`, and
/// should find nobody else.
const MEN: &[&str] = &[
    "强", "磊", "军", "洋", "勇", "杰", "涛", "明", "辉", "刚", "平", "鹏", "斌", "波", "超", "亮",
];

const WOMEN: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "婷", "雪", "红", "玲", "燕", "梅", "倩", "慧",
];

/// The first and the second character of given names of two: enough of them that a large demo
/// does not call everybody the same.
const MEN_OF_TWO: (&[&str], &[&str]) = (
    &[
        "建", "志", "文", "浩", "子", "俊", "海", "国", "晓", "一", "永", "家", "明", "天", "宇",
        "思", "力", "振", "新", "泽",
    ],
    &[
        "华", "强", "博", "然", "轩", "杰", "波", "庆", "东", "鸣", "军", "辉", "峰", "豪", "林",
        "民", "远", "飞", "凯", "伟",
    ],
);

const WOMEN_OF_TWO: (&[&str], &[&str]) = (
    &[
        "秀", "雅", "思", "欣", "梦", "晓", "佳", "玉", "诗", "文", "美", "春", "海", "雨", "若",
        "嘉", "静", "丽", "淑", "心",
    ],
    &[
        "英", "琴", "雨", "怡", "洁", "燕", "慧", "兰", "涵", "静", "玲", "梅", "萍", "霞", "琪",
        "颖", "琳", "云", "珍", "蓉",
    ],
);

/// What companies are called: two characters and a trade.
const COMPANIES: (&[&str], &[&str], &[&str]) = (
    &[
        "恒", "明", "蓝", "汇", "德", "华", "锦", "鼎", "瑞", "宏", "嘉", "盛",
    ],
    &[
        "信", "远", "天", "源", "润", "安", "程", "丰", "达", "泰", "业", "康",
    ],
    &[
        "物流", "建材", "电子", "商贸", "装饰", "安防", "租赁", "食品", "餐饮", "广告",
    ],
);

/// What a person is called, by gender.
pub(super) fn name(dice: &mut Dice, is_female: bool) -> String {
    let (one, two) = if is_female {
        (WOMEN, WOMEN_OF_TWO)
    } else {
        (MEN, MEN_OF_TWO)
    };
    let surname = dice.one_of(SURNAMES);
    let mut pick = |list: &[&'static str]| dice.pick(list).copied().unwrap_or_default();
    let (short, first, second) = (pick(one), pick(two.0), pick(two.1));
    if dice.percent(40) {
        format!("{surname}{short}")
    } else {
        format!("{surname}{first}{second}")
    }
}

/// What a company is called.
pub(super) fn company(dice: &mut Dice) -> String {
    let mut pick = |list: &[&'static str]| dice.pick(list).copied().unwrap_or_default();
    let (first, second, trade) = (pick(COMPANIES.0), pick(COMPANIES.1), pick(COMPANIES.2));
    format!("{first}{second}{trade}有限公司")
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
