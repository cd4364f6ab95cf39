//! The disk threads: storage, block cache, reader, capture rings, writer.

pub mod capture;
pub mod lanes;
pub mod storage;
pub mod stream;
