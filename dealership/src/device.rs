//! Enrolled installations, as colleagues see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::id::{DeviceNumber, DocumentId, GroupId, StaffId};
use crate::kind::Kind;
use crate::time::Timestamp;

/// One enrolled installation. The relay writes all but the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// Which document.
    pub id: DocumentId,
    /// The number in its actors and on its papers.
    pub number: DeviceNumber,
    /// Whose it is.
    pub staff: Option<StaffId>,
    /// What it is called.
    pub name: Option<String>,
    /// What it runs on.
    pub platform: Option<String>,
    /// When it was enrolled.
    pub enrolled_at: Option<Timestamp>,
    /// When it last came to the relay with nothing unsent, by the relay's clock; noted around a
    /// show for the devices of its team, and for others never.
    pub synced_at: Option<Timestamp>,
    /// Where it stands.
    pub state: DeviceState,
}

/// Where an installation stands; what comes later here beats what comes before.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// 正常
    Active,
    /// 已锁
    Locked,
    /// 已吊销
    Revoked,
    /// 已清除
    Wiped,
}

impl Device {
    /// Whether a claim that was made on it before an instant may still be on its way: it has not
    /// come with nothing unsent since. What is shut out for good brings nothing any more.
    pub fn may_hold_work_from_before(&self, instant: Timestamp) -> bool {
        let is_after = |at: Option<Timestamp>| at.is_some_and(|at| at >= instant);
        let comes_no_more = matches!(self.state, DeviceState::Revoked | DeviceState::Wiped);
        !(comes_no_more || is_after(self.enrolled_at) || is_after(self.synced_at))
    }

    /// The id of a device's document, derived so that nobody needs to look it up.
    pub fn document_id(group: GroupId, number: DeviceNumber) -> DocumentId {
        DocumentId::of_content(&[b"device", group.as_bytes(), &number.0.to_be_bytes()])
    }

    /// Reads a device document; `None` if it is of another kind or bears no number.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Device {
            return None;
        }
        let since = |key: &str| document.instant(key).is_some();
        let state = if since("wiped_at") {
            DeviceState::Wiped
        } else if since("revoked_at") {
            DeviceState::Revoked
        } else if since("locked_at") {
            DeviceState::Locked
        } else {
            DeviceState::Active
        };
        Some(Self {
            id: document.id(),
            number: DeviceNumber(u64::try_from(document.int("number")?).ok()?),
            staff: document.parsed("staff"),
            name: document.text("name").map(str::to_owned),
            platform: document.text("platform").map(str::to_owned),
            enrolled_at: document.instant("enrolled_at"),
            synced_at: document.instant("synced_at"),
            state,
        })
    }
}
