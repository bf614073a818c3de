//! The fourteen stages of a deal, and the few edges between them that no deal may jump.

use crate::code::coded_enum;

coded_enum! {
    /// A stage 阶段.
    pub enum Stage {
        /// 接待
        Reception = "reception",
        /// 需求分析
        Needs = "needs",
        /// 试驾
        TestDrive = "test_drive",
        /// 车型推荐
        Recommend = "recommend",
        /// 报价
        Quote = "quote",
        /// 优惠
        Discount = "discount",
        /// 分期/贷款
        Finance = "finance",
        /// 合同
        Contract = "contract",
        /// 定金
        Deposit = "deposit",
        /// 开票
        Invoice = "invoice",
        /// 车辆检测 PDI
        Pdi = "pdi",
        /// 验收
        Acceptance = "acceptance",
        /// 交车仪式
        Ceremony = "ceremony",
        /// 使用指导
        Guidance = "guidance",
    }
}

coded_enum! {
    /// What a stage event says. Side by side, done beats skipped.
    pub enum StageState {
        /// 完成
        Done = "done",
        /// 跳过
        Skipped = "skipped",
        /// 退回: takes back what its author had seen.
        Reopened = "reopened",
    }
}

coded_enum! {
    /// Who may skip a stage, always with a reason.
    pub enum SkipRule {
        /// Nobody.
        Never = "never",
        /// Whoever works the deal.
        Anyone = "anyone",
        /// A manager.
        Manager = "manager",
    }
}

impl Stage {
    /// Its place in the process, from 1 to 14.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The stages without which it does not hold. The rest of the order is advice: a loan may
    /// come after the contract, and the inspection before the invoice.
    pub const fn requires(self) -> &'static [Self] {
        match self {
            Self::Contract => &[Self::Quote],
            Self::Invoice => &[Self::Contract],
            Self::Acceptance => &[Self::Invoice, Self::Pdi],
            Self::Ceremony | Self::Guidance => &[Self::Acceptance],
            _ => &[],
        }
    }

    /// Who may skip it.
    pub const fn skip_rule(self) -> SkipRule {
        match self {
            Self::TestDrive
            | Self::Recommend
            | Self::Discount
            | Self::Finance
            | Self::Ceremony
            | Self::Guidance => SkipRule::Anyone,
            Self::Deposit => SkipRule::Manager,
            Self::Reception
            | Self::Needs
            | Self::Quote
            | Self::Contract
            | Self::Invoice
            | Self::Pdi
            | Self::Acceptance => SkipRule::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourteen_stages_stand_in_the_order_of_the_trade() {
        assert_eq!(Stage::ALL.len(), 14);
        for (index, stage) in Stage::ALL.iter().enumerate() {
            assert_eq!(usize::from(stage.number()), index + 1);
            assert!(stage.requires().iter().all(|required| required < stage));
        }
    }
}
