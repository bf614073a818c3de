//! What deals come to, and how many of them.

/// What a deal comes to by the end of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo::plan) enum Fate {
    Reception,
    Needs,
    TestDriven,
    Quoted,
    WaitsForLoan,
    WaitsForCar,
    Invoiced,
    Inspected,
    Delivered,
    Lost,
    Cancelled,
}

impl Fate {
    /// Every fate with the number of deals that come to it, of 1,200.
    pub(in crate::demo::plan) const ALL: [(Self, usize); 11] = [
        (Self::Reception, 60),
        (Self::Needs, 120),
        (Self::TestDriven, 110),
        (Self::Quoted, 90),
        (Self::WaitsForLoan, 8),
        (Self::WaitsForCar, 9),
        (Self::Invoiced, 12),
        (Self::Inspected, 11),
        (Self::Delivered, 480),
        (Self::Lost, 270),
        (Self::Cancelled, 30),
    ];

    pub(super) const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Reception | Self::Needs | Self::TestDriven | Self::Quoted
        )
    }

    /// How many of a hundred were test-driven.
    pub(super) const fn test_driven(self) -> u64 {
        match self {
            Self::Reception | Self::Needs => 0,
            Self::TestDriven => 100,
            Self::Quoted => 60,
            Self::Lost => 30,
            _ => 68,
        }
    }
}
