//! Byte credit: a sender sends no more than the receiver has room for.
//!
//! Both directions work alike. The receiver announces a window; each frame of entries or of a
//! push takes its whole length from it; the receiver gives the bytes back when it has dealt with
//! them, in one message as soon as they are a quarter of the window.

use crate::close::Violation;
use crate::limits;

/// The sender's side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendWindow {
    window: u32,
    credit: u32,
}

impl SendWindow {
    /// Takes the window that the peer announced.
    pub(crate) fn announced(window: u32) -> Result<Self, Violation> {
        if (limits::SMALLEST_WINDOW..=limits::LARGEST_WINDOW).contains(&window) {
            Ok(Self {
                window,
                credit: window,
            })
        } else {
            Err(Violation::WindowOutOfRange { bytes: window })
        }
    }

    /// Whether any frame may be sent.
    pub(crate) const fn has_room_for_a_frame(&self) -> bool {
        self.credit as usize >= limits::FRAME
    }

    /// Takes the length of a frame, if there is credit for it.
    #[must_use]
    pub(crate) fn take(&mut self, bytes: u32) -> bool {
        match self.credit.checked_sub(bytes) {
            Some(rest) => {
                self.credit = rest;
                true
            }
            None => false,
        }
    }

    /// Takes back what the peer gives.
    pub(crate) fn give(&mut self, bytes: u32) -> Result<(), Violation> {
        if bytes == 0 {
            return Err(Violation::NoCredit);
        }
        match self.credit.checked_add(bytes) {
            Some(credit) if credit <= self.window => {
                self.credit = credit;
                Ok(())
            }
            _ => Err(Violation::CreditOverflow {
                bytes,
                credit: self.credit,
            }),
        }
    }
}

/// The receiver's side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiveWindow {
    window: u32,
    /// What the sender may still send.
    credit: u32,
    /// What is dealt with and not given back yet.
    owed: u32,
}

impl ReceiveWindow {
    /// The window to announce: what the host asked for, within what a peer accepts.
    pub(crate) fn announcing(window: u32) -> Self {
        let window = window.clamp(limits::SMALLEST_WINDOW, limits::LARGEST_WINDOW);
        Self {
            window,
            credit: window,
            owed: 0,
        }
    }

    pub(crate) const fn window(&self) -> u32 {
        self.window
    }

    /// Counts a frame that arrived.
    pub(crate) fn receive(&mut self, bytes: u32) -> Result<(), Violation> {
        match self.credit.checked_sub(bytes) {
            Some(rest) => {
                self.credit = rest;
                Ok(())
            }
            None => Err(Violation::CreditExceeded {
                bytes,
                credit: self.credit,
            }),
        }
    }

    /// Counts bytes as dealt with, and says how much to give back now.
    #[must_use]
    pub(crate) fn release(&mut self, bytes: u32) -> Option<u32> {
        self.owed = self.owed.saturating_add(bytes);
        if self.owed < self.window / 4 {
            return None;
        }
        let given = std::mem::take(&mut self.owed);
        self.credit = self.credit.saturating_add(given);
        Some(given)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_window_outside_the_range_is_a_violation() {
        assert!(SendWindow::announced(limits::SMALLEST_WINDOW - 1).is_err());
        assert!(SendWindow::announced(limits::LARGEST_WINDOW + 1).is_err());
        assert_eq!(
            ReceiveWindow::announcing(1).window(),
            limits::SMALLEST_WINDOW
        );
    }

    #[test]
    fn a_frame_over_the_credit_is_a_violation() {
        let mut window = ReceiveWindow::announcing(limits::SMALLEST_WINDOW);
        assert_eq!(window.receive(limits::SMALLEST_WINDOW - 1), Ok(()));
        assert_eq!(
            window.receive(2),
            Err(Violation::CreditExceeded {
                bytes: 2,
                credit: 1
            })
        );
    }

    #[test]
    fn credit_of_nothing_or_beyond_the_window_is_a_violation() {
        let mut window = SendWindow::announced(limits::SMALLEST_WINDOW).unwrap();
        assert!(window.take(10));
        assert_eq!(window.give(0), Err(Violation::NoCredit));
        assert!(window.give(11).is_err());
        assert_eq!(window.give(10), Ok(()));
    }

    proptest! {
        #[test]
        fn a_sender_whose_frames_are_dealt_with_never_waits_for_ever(
            frames in proptest::collection::vec(1..=limits::FRAME as u32, 1..100),
        ) {
            let mut receiver = ReceiveWindow::announcing(limits::SMALLEST_WINDOW);
            let mut sender = SendWindow::announced(receiver.window()).unwrap();
            for frame in frames {
                prop_assert!(sender.has_room_for_a_frame());
                prop_assert!(sender.take(frame));
                receiver.receive(frame).unwrap();
                if let Some(given) = receiver.release(frame) {
                    sender.give(given).unwrap();
                }
            }
        }
    }
}
