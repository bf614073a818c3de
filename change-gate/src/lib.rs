//! change-gate
