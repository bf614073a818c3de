//! Who counts as one where what somebody may do is bounded by where they come from.

use std::net::IpAddr;

/// An IPv4 address, or the first half of an IPv6 one, which is what one customer of a provider
/// has at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let half = u128::from(address) >> 64 << 64;
                IpAddr::V6(half.into())
            }
        })
    }
}
