//! Test hosts for the built plugin, and what the scenarios share.
