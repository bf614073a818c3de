//! dealership
