//! sync-protocol
