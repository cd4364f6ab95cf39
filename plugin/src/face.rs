//! The plugin as the framework sees it: one generic type for the three plugins of the bundle. In
//! CLAP and VST3 the framework only carries it through its life; in the standalone it plays, too.

mod standalone;
#[cfg(feature = "standalone")]
pub mod window;

#[cfg(not(feature = "standalone"))]
use Shell as Editor;
#[cfg(feature = "standalone")]
use window::Closable as Editor;

use std::marker::PhantomData;
use std::sync::Arc;

use nice_plug::prelude::{
    ActivateContext, AsyncExecutor, AudioIOLayout, AuxiliaryBuffers, Buffer, BufferConfig,
    ClapFeature, ClapPlugin, Params, Plugin, ProcessContext, ProcessMode, ProcessStatus,
    TaskExecutor, Vst3Plugin, Vst3SubCategory,
};
use stowaway_engine::host::Mode;

use crate::interpose::link;
use crate::interpose::window::Shell;
use crate::params::ParamTable;
use crate::plug::Plug;
use crate::ports::Layout;
use crate::process;
use crate::{log, panics};
use standalone::Alone;

/// One instance of the plugin with these ports.
pub struct Face<L: Layout> {
    plug: Arc<Plug>,
    params: Arc<ParamTable>,
    /// There is no host: the framework calls us itself, and we roll by ourselves.
    alone: Option<Alone>,
    layout: PhantomData<L>,
}

/// What the framework calls on the main thread for us, where the system has one message loop.
#[derive(Clone, Copy, Debug)]
pub struct TellHost;

impl<L: Layout> Default for Face<L> {
    fn default() -> Self {
        let plug = link::take().unwrap_or_else(|| Plug::alone(L::MODEL));
        let alone = Alone::new(&plug);
        let params = Arc::new(ParamTable::new(&plug));
        Self { plug, params, alone, layout: PhantomData }
    }
}

impl<L: Layout> Plugin for Face<L> {
    const NAME: &'static str = L::MODEL.name;
    const VENDOR: &'static str = "Stowaway";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = L::IO;

    type Editor = Editor;
    type SysExMessage = ();
    type BackgroundTask = TellHost;

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        let plug = Arc::clone(&self.plug);
        Box::new(move |TellHost| {
            panics::caught(&plug, "talking to the host", || plug.tell_host());
        })
    }

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.params) as Arc<dyn Params>
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        // In CLAP and VST3 the framework holds the executor weakly, so that this is no circle. In
        // the standalone it does not, and there is no host to tell anything.
        if self.alone.is_none() {
            self.plug.set_main_thread(Box::new(move || executor.execute_gui(TellHost)));
        }
        let editor = Shell::new(&self.plug);
        #[cfg(feature = "standalone")]
        let editor = editor.map(Editor::from);
        editor
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        if let Some(alone) = &mut self.alone {
            alone.rate = f64::from(config.sample_rate);
            self.plug.announce(f64::from(config.sample_rate), config.max_buffer_size as usize);
            self.plug.set_mode(match config.process_mode {
                ProcessMode::Realtime => Mode::Realtime,
                ProcessMode::Buffered => Mode::Prefetch,
                ProcessMode::Offline => Mode::Offline,
            });
        }
        self.plug.activate()
    }

    fn reset(&mut self) {
        process::reset(&self.plug);
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        _context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        // Hosts do not come this way: `interpose` takes their calls.
        match &mut self.alone {
            Some(alone) => alone.process(&self.plug, buffer, aux),
            None => ProcessStatus::KeepAlive,
        }
    }

    fn deactivate(&mut self) {
        self.plug.deactivate();
    }

    fn setup_logger() -> Option<bool> {
        log::set_up();
        // The framework then logs panics instead of printing them to the host's stderr.
        Some(true)
    }
}

impl<L: Layout> ClapPlugin for Face<L> {
    const CLAP_ID: &'static str = L::MODEL.clap_id;
    const CLAP_DESCRIPTION: Option<&'static str> = Some(L::MODEL.description);
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = L::MODEL.clap_features;
}

impl<L: Layout> Vst3Plugin for Face<L> {
    const VST3_CLASS_ID: [u8; 16] = L::MODEL.vst3_id;
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = L::MODEL.vst3_categories;
}
