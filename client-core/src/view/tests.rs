//! What holds for every view.

mod group;
mod statements;
