//! The disk threads: storage, block cache, reader, capture rings, writer.

pub mod stream;
