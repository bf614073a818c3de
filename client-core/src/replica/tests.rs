//! What a replica promises, tested whole.

mod catch_up;
mod durability;
mod hostile;
mod quarantine;
mod restored;
mod set_aside;
