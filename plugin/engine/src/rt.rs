//! The audio thread: transport follower, recorder, voices, mixer, meters. Everything in here runs
//! inside the host's callback (or a print's loop, which runs the same code): it allocates
//! nothing, locks nothing, calls no system, logs nothing and drops nothing.
//!
//! Two rules make the output the same at every block size. What is smoothed is a function of
//! frames counted from the sample where it began ([`ramp`]), never of block starts; and sums are
//! taken strip by strip in the plan's order, sample for sample, without fused multiply-add.

pub mod feed;
pub mod kernels;
pub mod mixer;
pub mod patience;
pub mod processor;
pub mod ramp;
pub mod recorder;
pub mod strip;
pub mod transport;
pub mod voices;
