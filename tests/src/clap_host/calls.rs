//! What the plugin calls in its CLAP host: requests, dirty marks, rescans, timers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_extensions::timer::{HostTimer, HostTimerImpl, TimerId};
use clack_host::host::{HostError, HostExtensions, HostHandlers, MainThreadHandler, SharedHandler};
use clack_host::utils::ClapId;

use crate::host::{HostCalls, HostTraits};

/// The handlers' types.
pub(super) struct Handlers;

/// Any thread's half.
pub(super) struct Shared(pub Arc<HostShared>);

/// The main thread's half.
pub(super) struct Main(pub Arc<HostShared>);

/// What both halves and the host share.
pub(super) struct HostShared {
    pub calls: Arc<HostCalls>,
    offers_timers: bool,
    offers_windows: bool,
    callback: AtomicBool,
    timers: Mutex<Timers>,
}

#[derive(Default)]
struct Timers {
    next_id: u32,
    running: Vec<(u32, Duration, Instant)>,
}

impl HostShared {
    pub fn new(traits: &HostTraits) -> Self {
        Self {
            calls: Arc::default(),
            offers_timers: traits.timers,
            offers_windows: traits.windows,
            callback: AtomicBool::new(false),
            timers: Mutex::default(),
        }
    }

    /// Whether the plugin asked to be called on the main thread since the last look.
    pub fn take_callback(&self) -> bool {
        self.callback.swap(false, Ordering::AcqRel)
    }

    /// Ids of the timers whose time has come.
    pub fn due_timers(&self) -> Vec<u32> {
        let now = Instant::now();
        let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers
            .running
            .iter_mut()
            .filter(|(_, _, due)| *due <= now)
            .map(|(id, period, due)| {
                *due = now + *period;
                *id
            })
            .collect()
    }
}

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = Main;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, shared: &Shared) {
        builder.register::<HostState>().register::<HostParams>().register::<HostLatency>();
        if shared.0.offers_timers {
            builder.register::<HostTimer>();
        }
        if shared.0.offers_windows {
            builder.register::<HostGui>();
        }
    }
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        HostCalls::anywhere(&self.0.calls.restart);
    }

    fn request_process(&self) {}

    fn request_callback(&self) {
        HostCalls::anywhere(&self.0.calls.callback);
        self.0.callback.store(true, Ordering::Release);
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, _new_size: GuiSize) -> Result<(), HostError> {
        HostCalls::anywhere(&self.0.calls.resize);
        Ok(())
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _was_destroyed: bool) {
        HostCalls::anywhere(&self.0.calls.closed);
    }
}

impl MainThreadHandler<'_> for Main {}

impl HostStateImpl for Main {
    fn mark_dirty(&self) {
        self.0.calls.on_main(&self.0.calls.mark_dirty);
    }
}

impl HostParamsImplMainThread for Main {
    fn rescan(&self, flags: ParamRescanFlags) {
        if flags.intersects(ParamRescanFlags::VALUES | ParamRescanFlags::TEXT) {
            self.0.calls.on_main(&self.0.calls.rescan_values);
        }
        if flags.intersects(ParamRescanFlags::INFO | ParamRescanFlags::ALL) {
            self.0.calls.on_main(&self.0.calls.rescan_infos);
        }
    }

    fn clear(&self, _param_id: ClapId, _flags: ParamClearFlags) {}
}

impl HostLatencyImpl for Main {
    fn changed(&self) {
        self.0.calls.on_main(&self.0.calls.latency_changed);
    }
}

impl HostTimerImpl for Main {
    fn register_timer(&self, period_ms: u32) -> Result<TimerId, HostError> {
        let mut timers = self.0.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers.next_id += 1;
        let (id, period) = (timers.next_id, Duration::from_millis(period_ms.into()));
        timers.running.push((id, period, Instant::now() + period));
        Ok(TimerId(id))
    }

    fn unregister_timer(&self, timer_id: TimerId) -> Result<(), HostError> {
        let mut timers = self.0.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers.running.retain(|(id, ..)| *id != timer_id.0);
        Ok(())
    }
}
