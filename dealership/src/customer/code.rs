//! Codes that a card bears.

use crate::code::coded_enum;

coded_enum! {
    /// A person or a company.
    pub enum CustomerType {
        /// 个人
        Person = "person",
        /// 单位
        Company = "company",
    }
}

coded_enum! {
    /// As a customer was met.
    pub enum Gender {
        /// 男
        Male = "m",
        /// 女
        Female = "f",
        /// 未知
        Unknown = "u",
    }
}

coded_enum! {
    /// Roughly how old a customer is.
    pub enum AgeBand {
        /// Under 25.
        Under25 = "u25",
        /// 25 to 34.
        From25 = "25_34",
        /// 35 to 44.
        From35 = "35_44",
        /// 45 to 54.
        From45 = "45_54",
        /// 55 and over.
        From55 = "55p",
        /// 未知
        Unknown = "unknown",
    }
}

coded_enum! {
    /// Who lives with the customer 家庭结构.
    pub enum Family {
        /// 单身
        Single = "single",
        /// 二人
        Couple = "couple",
        /// 一孩
        OneChild = "kids1",
        /// 二孩及以上
        MoreChildren = "kids2p",
        /// 三代同住
        Generations = "multi_gen",
    }
}

coded_enum! {
    /// Where a customer came from 客户来源.
    pub enum SourceChannel {
        /// 自然到店
        WalkIn = "walk_in",
        /// 来电
        CallIn = "call_in",
        /// 网络线索
        WebLead = "web_lead",
        /// 直播
        Live = "live",
        /// 车展
        Show = "show",
        /// 外拓
        Outreach = "outreach",
        /// 转介绍
        Referral = "referral",
        /// 增换购
        Repurchase = "repurchase",
        /// 电网销邀约
        CallCentre = "dcc",
        /// 大客户
        Corporate = "corp",
        /// 其他
        Other = "other",
    }
}

coded_enum! {
    /// What a customer is worth 价值分类.
    pub enum ValueClass {
        /// 高价值
        High = "high",
        /// 普通
        Ordinary = "ordinary",
    }
}

coded_enum! {
    /// By what marketing reaches a customer.
    pub enum MarketingChannel {
        /// 电话
        Call = "call",
        /// 短信
        Sms = "sms",
        /// 微信
        Wechat = "wechat",
    }
}

coded_enum! {
    /// How a card came into being.
    pub enum EnteredThrough {
        /// 手工
        Manual = "manual",
        /// 导入
        Import = "import",
        /// 车展快速建档
        Show = "show",
        /// 线上线索
        Web = "web",
        /// 微信
        Wechat = "wechat",
        /// Another program.
        Api = "api",
    }
}

coded_enum! {
    /// The tags that every group starts with; a group may add codes of its own.
    pub enum Tag {
        /// 价格敏感
        PriceSensitive = "price_sensitive",
        /// 看重空间
        Space = "space",
        /// 首购
        First = "first",
        /// 增购
        Additional = "add",
        /// 换购
        Replacement = "replace",
        /// 全款
        Cash = "cash",
        /// 贷款
        Loan = "loan",
    }
}
