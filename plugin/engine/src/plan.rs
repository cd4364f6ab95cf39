//! The compiled snapshot: session -> plan. Flat arrays, immutable, built on the session thread,
//! swapped in by the audio thread at a block start, sent back to be dropped.

pub mod schedule;
