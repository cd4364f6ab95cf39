//! VST3: our own factory, and a COM class of ours that holds the framework's wrapper by value and
//! hands on what it does not answer itself.

mod call;
mod component;
mod controller;
mod exports;
mod factory;
mod host;
mod processor;
mod reaper;
mod stream;
mod units;
mod view;

pub use component::Component;
pub use exports::*;
