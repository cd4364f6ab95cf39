//! The writer on a disk in memory, with and without faults: what was pushed is in the files.

mod kill;
mod names;
mod peaks;
mod rig;
mod tail;
mod trouble;
mod whole;
