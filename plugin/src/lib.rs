//! The face that a host sees.
