//! The status of a vehicle: derived, never stored.

use super::{FreezeReason, MoveReason, Vehicle};
use crate::claim::ClaimState;
use crate::code::coded_enum;
use crate::order::OrderTime;
use crate::time::Timestamp;

coded_enum! {
    /// What a vehicle's state comes to, the first that applies in this order.
    pub enum VehicleStatus {
        /// 作废: the VIN was mistyped.
        Void = "void",
        /// 已交付
        Delivered = "delivered",
        /// 已开票
        Invoiced = "invoiced",
        /// 争议
        Disputed = "disputed",
        /// 核销
        WrittenOff = "written_off",
        /// 冻结
        Frozen = "frozen",
        /// 盘亏待查
        Missing = "missing",
        /// 调拨在途
        Transferring = "transferring",
        /// 待交付
        Ready = "ready",
        /// 锁定
        Locked = "locked",
        /// 车展包
        PackHeld = "pack_held",
        /// 预占
        SoftHeld = "soft_held",
        /// 质损待处理
        DamagedHold = "damaged_hold",
        /// 退车: came back and was not put into stock again.
        Returned = "returned",
        /// 在库可售
        Available = "available",
        /// 到店待检
        Arrived = "arrived",
        /// 在途
        Inbound = "inbound",
    }
}

/// How long the inspection before delivery is good for.
const PDI_DAYS: i64 = 7;

impl Vehicle {
    /// Its status at an instant, which matters for what ends by itself: soft claims and the
    /// inspection before delivery.
    pub fn status(&self, now: Timestamp) -> VehicleStatus {
        use VehicleStatus as Status;
        if self.void.is_some() {
            Status::Void
        } else if self.delivered.is_some() {
            Status::Delivered
        } else if self.is_invoiced() {
            Status::Invoiced
        } else if self.dispute.is_some() {
            Status::Disputed
        } else if self.last_move == Some(MoveReason::WriteOff) {
            Status::WrittenOff
        } else if self.is_frozen() {
            Status::Frozen
        } else if self.is_missing() {
            Status::Missing
        } else if self.last_move == Some(MoveReason::TransferOut) {
            Status::Transferring
        } else if self.is_locked() && self.is_ready(now) {
            Status::Ready
        } else if self.is_locked() {
            Status::Locked
        } else if self.packs.iter().any(|pack| pack.holds()) {
            Status::PackHeld
        } else if self.soft_claim(now).is_some() {
            Status::SoftHeld
        } else {
            self.status_in_stock()
        }
    }

    /// The instants at which its status may change by itself.
    pub fn status_changes_at(&self) -> impl Iterator<Item = Timestamp> {
        let ends = self.claims.iter().filter_map(|claim| claim.until);
        ends.chain(self.pdi_passed.map(inspection_ends))
    }

    /// What stops every sale of it, whoever holds it, if something does.
    pub fn stopped_by(&self) -> Option<VehicleStatus> {
        let stops = [
            (self.void.is_some(), VehicleStatus::Void),
            (self.delivered.is_some(), VehicleStatus::Delivered),
            (
                self.last_move == Some(MoveReason::WriteOff),
                VehicleStatus::WrittenOff,
            ),
            (self.is_frozen(), VehicleStatus::Frozen),
            (self.is_missing(), VehicleStatus::Missing),
        ];
        stops
            .into_iter()
            .find_map(|(stops, status)| stops.then_some(status))
    }

    fn status_in_stock(&self) -> VehicleStatus {
        let at_hand = self.place.is_some_and(|place| place.kind.is_at_hand());
        if self.is_damaged() {
            VehicleStatus::DamagedHold
        } else if self.last_move == Some(MoveReason::Return) {
            VehicleStatus::Returned
        } else if at_hand && self.inspected {
            VehicleStatus::Available
        } else if at_hand {
            VehicleStatus::Arrived
        } else {
            VehicleStatus::Inbound
        }
    }

    /// Whether finance has invoiced it and did not reverse that.
    pub fn is_invoiced(&self) -> bool {
        self.claims
            .iter()
            .any(|claim| claim.state == ClaimState::Final)
    }

    /// Whether a deal holds it alone, confirmed or not.
    pub fn is_locked(&self) -> bool {
        self.claims.iter().any(|claim| claim.excludes())
    }

    /// Whether it may come into stock: it never did, is on its way from the factory or was given
    /// up.
    pub fn may_come_in(&self) -> bool {
        let outside = [None, Some(MoveReason::Shipped), Some(MoveReason::WriteOff)];
        self.delivered.is_none() && outside.contains(&self.last_move)
    }

    fn is_frozen(&self) -> bool {
        self.freezes
            .iter()
            .any(|freeze| freeze.reason != FreezeReason::Missing)
    }

    fn is_missing(&self) -> bool {
        self.last_move == Some(MoveReason::Loss)
            || self
                .freezes
                .iter()
                .any(|freeze| freeze.reason == FreezeReason::Missing)
    }

    /// Whether a damage that stops its sale waits for repair.
    pub fn is_damaged(&self) -> bool {
        self.damages
            .iter()
            .any(|damage| damage.stops_sale && !damage.repaired)
    }

    /// Whether it passed the inspection before delivery in the last seven days.
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.pdi_passed
            .is_some_and(|passed| inspection_ends(passed) > now)
    }
}

fn inspection_ends(passed: OrderTime) -> Timestamp {
    passed.instant().plus_hours(24 * PDI_DAYS)
}
