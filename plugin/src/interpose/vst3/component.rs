//! The COM class that the host gets, and its `IComponent`: buses, activation, state.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, BusDirections_, BusInfo, ChannelContext::IInfoListener, IAudioProcessor,
    IComponent, IComponentTrait, IEditController, IProcessContextRequirements, IUnitInfo, IoMode,
    MediaType, MediaTypes_, RoutingInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FUnknown, IBStream, IPluginBaseTrait, TBool, TUID, int32, kInternalError, kInvalidArgument,
    kResultFalse, kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef};

use super::host::{self, Host, Ticker};
use super::{reaper, stream};
use stowaway_engine::params::ParamKey;

use crate::face::Face;
use crate::interpose::bell::{self, Ring, Rope};
use crate::interpose::{link, quirks};
use crate::panics;
use crate::plug::{Plug, lock};
use crate::ports::{Layout, Side};
use crate::state;

/// Our plugin around the framework's.
pub struct Component<L: Layout> {
    // Dropped in this order: nobody rings or ticks any more when the framework goes.
    ticker: Mutex<Option<Ticker>>,
    _rope: Rope,
    /// The framework's.
    pub(super) inner: Wrapper<Face<L>>,
    pub(super) plug: Arc<Plug>,
    pub(super) host: Arc<Host>,
    /// What the factory was given by the host, for hosts that say nothing later.
    factory_context: Option<ComPtr<FUnknown>>,
    /// What the host gave us, between `initialize` and `terminate`.
    context: Mutex<Option<ComPtr<FUnknown>>>,
    pub(super) processing: AtomicBool,
    /// When the last block came, in milliseconds since `born`.
    pub(super) last_block_ms: AtomicU64,
    pub(super) born: Instant,
    /// What the host's edit side last told the controller while blocks came with values of their
    /// own: (parameter, value, when). It reads back what it wrote; the audio does not hear it.
    pub(super) echo: Mutex<Option<(ParamKey, f32, Instant)>>,
}

impl<L: Layout> Class for Component<L> {
    // No notes and no MIDI, so none of the framework's interfaces for these.
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IProcessContextRequirements,
        IUnitInfo,
        IInfoListener,
    );
}

impl<L: Layout> Component<L> {
    /// A new plugin. `None` if it cannot be made.
    pub(super) fn new(context: Option<&ComPtr<FUnknown>>) -> Option<Self> {
        let plug = Plug::new(L::MODEL, "VST3");
        let inner =
            panics::caught(&plug, "being created", || link::with(&plug, Wrapper::<Face<L>>::new))?;
        let host = Host::new(&plug);
        let weak = Arc::downgrade(&host);
        plug.set_teller(Box::new(move || {
            if let Some(host) = weak.upgrade() {
                host.tell();
            }
        }));
        // Where the system has one message loop for everybody, the framework reaches the main
        // thread by it. On Linux that is the host's run loop, see `Ticker`.
        let ring: Option<Ring> = if cfg!(any(target_os = "macos", windows)) {
            let weak = Arc::downgrade(&plug);
            Some(Box::new(move || {
                if let Some(plug) = weak.upgrade() {
                    plug.call_main_thread();
                }
            }))
        } else {
            None
        };
        Some(Self {
            ticker: Mutex::new(None),
            _rope: bell::hang(&plug, ring),
            inner,
            host,
            plug,
            factory_context: context.cloned(),
            context: Mutex::new(None),
            processing: AtomicBool::new(false),
            last_block_ms: AtomicU64::new(0),
            born: Instant::now(),
            echo: Mutex::default(),
        })
    }

    /// Asks a host that knows where its project lies. Main thread.
    fn find_project_folder(&self) {
        let context = lock(&self.context).clone();
        if let Some(folder) = context.as_ref().and_then(reaper::project_folder) {
            self.plug.set_project_folder(folder);
        }
    }

    /// Hands a call on to the framework; a panic ends here.
    pub(super) fn guard<T>(&self, otherwise: T, call: impl FnOnce() -> T) -> T {
        panics::caught(&self.plug, "answering the host", call).unwrap_or(otherwise)
    }
}

/// The side that VST3 names, for audio.
#[must_use]
#[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
pub(super) fn side(direction: BusDirection) -> Option<Side> {
    if direction == BusDirections_::kInput as BusDirection {
        Some(Side::Input)
    } else if direction == BusDirections_::kOutput as BusDirection {
        Some(Side::Output)
    } else {
        None
    }
}

#[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
fn audio_side(media: MediaType, direction: BusDirection) -> Option<Side> {
    if media == MediaTypes_::kAudio as MediaType { side(direction) } else { None }
}

impl<L: Layout> IPluginBaseTrait for Component<L> {
    unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
        // SAFETY: null or the host's object.
        let given = unsafe { ComRef::from_raw(context) }.map(|c| c.to_com_ptr());
        let contexts = [given.as_ref(), self.factory_context.as_ref()];
        self.guard((), || {
            if let Some(name) = contexts.into_iter().flatten().find_map(host::name) {
                self.plug.report().set_host(name, String::new());
            }
            *lock(&self.context) = given.clone();
            self.find_project_folder();
            let ticker = contexts.into_iter().flatten().find_map(|c| Ticker::start(c, &self.host));
            *lock(&self.ticker) = ticker;
        });
        // SAFETY: the host's argument, handed on.
        self.guard(kInternalError, || unsafe { self.inner.initialize(context) })
    }

    unsafe fn terminate(&self) -> tresult {
        let ticker = lock(&self.ticker).take();
        drop(ticker);
        self.host.forget();
        let context = lock(&self.context).take();
        drop(context);
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.terminate() })
    }
}

impl<L: Layout> IComponentTrait for Component<L> {
    unsafe fn getControllerClassId(&self, class: *mut TUID) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getControllerClassId(class) })
    }

    unsafe fn setIoMode(&self, mode: IoMode) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.setIoMode(mode) })
    }

    unsafe fn getBusCount(&self, media: MediaType, direction: BusDirection) -> int32 {
        // SAFETY: handed on.
        self.guard(0, || unsafe { self.inner.getBusCount(media, direction) })
    }

    unsafe fn getBusInfo(
        &self,
        media: MediaType,
        direction: BusDirection,
        index: int32,
        info: *mut BusInfo,
    ) -> tresult {
        let Some(side) = audio_side(media, direction) else { return kInvalidArgument };
        if info.is_null() || !quirks::is_port_index(index, L::MODEL.count(side)) {
            return kInvalidArgument;
        }
        // SAFETY: handed on, with a valid index; the host's memory for one info.
        self.guard(kInternalError, || unsafe {
            let result = self.inner.getBusInfo(media, direction, index, info);
            if result == kResultOk {
                let name = side.port_name(usize::try_from(index).unwrap_or(0));
                write_utf16(&mut (*info).name, &name);
            }
            result
        })
    }

    unsafe fn getRoutingInfo(&self, from: *mut RoutingInfo, to: *mut RoutingInfo) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getRoutingInfo(from, to) })
    }

    unsafe fn activateBus(
        &self,
        media: MediaType,
        direction: BusDirection,
        index: int32,
        on: TBool,
    ) -> tresult {
        let port = usize::try_from(index).unwrap_or(usize::MAX);
        match audio_side(media, direction) {
            Some(side) if self.plug.set_port(side, port, on != 0) => kResultOk,
            _ => kInvalidArgument,
        }
    }

    unsafe fn setActive(&self, on: TBool) -> tresult {
        if on != 0 {
            self.guard((), || self.find_project_folder());
        }
        // SAFETY: handed on; the framework calls our `activate` or `deactivate`.
        let result = self.guard(kInternalError, || unsafe { self.inner.setActive(on) });
        self.guard((), || self.host.tell());
        result
    }

    unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
        *lock(&self.echo) = None;
        let loaded = self.guard(false, || {
            // SAFETY: the host's stream.
            if let Some(bytes) = unsafe { stream::read(stream) } {
                state::load(&self.plug, &bytes).is_ok()
            } else {
                self.plug.report().say(
                    "The host could not read the state that it keeps for Stowaway: the session \
                     stays as it is."
                        .into(),
                );
                false
            }
        });
        self.guard((), || self.host.tell());
        if loaded { kResultOk } else { kResultFalse }
    }

    unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
        let saved = self.guard(false, || {
            let bytes = state::save(&self.plug);
            // SAFETY: the host's stream.
            unsafe { stream::write(stream, &bytes) }
        });
        if saved { kResultOk } else { kResultFalse }
    }
}

/// Writes text into a UTF-16 field of fixed size, ended by a zero.
fn write_utf16<T: From<u16> + Copy>(to: &mut [T], text: &str) {
    let Some(room) = to.len().checked_sub(1) else { return };
    let mut at = 0;
    for character in text.chars() {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        if at + units.len() > room {
            break;
        }
        for unit in units {
            to[at] = T::from(*unit);
            at += 1;
        }
    }
    to[at] = T::from(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_ends_in_half_a_character() {
        let mut field = [9u16; 4];
        write_utf16(&mut field, "ab\u{1d11e}");
        assert_eq!(field, [97, 98, 0, 9]);
    }
}
