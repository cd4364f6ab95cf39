//! `stowaway`: prints, exports and recovers sessions without a host.

fn main() {}
