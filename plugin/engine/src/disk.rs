//! The disk threads: storage, block cache, reader, capture rings, writer.

pub mod arena;
pub mod cache;
pub mod capture;
pub mod decoder;
pub mod direct;
pub mod lanes;
pub mod pool;
mod reader;
pub mod resample;
pub mod source;
pub mod spool;
pub mod storage;
pub mod stream;
pub mod waveforms;
pub mod writer;
