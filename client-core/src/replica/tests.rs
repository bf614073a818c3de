//! What a replica promises, tested whole.

mod catch_up;
mod durability;
mod healing;
mod hostile;
mod quarantine;
mod restored;
mod segments;
mod set_aside;
