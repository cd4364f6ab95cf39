//! A real instance of the plugin and a host around it that does what it is told, block by block;
//! and the editor of that instance, for a test to use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use scenarios::audio::{Recording, Source, recordings_dir};
use stowaway_engine::host::{EventKind, Mode, Transport};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::{Session, TakeState};
use stowaway_engine::session::snapshot::Snapshot;
use stowaway_plugin::editor::look;
use stowaway_plugin::editor::view::View;
use stowaway_plugin::plug::Plug;
use stowaway_plugin::ports::{Layout, Multi, Side};
use stowaway_plugin::process::{HostCall, Pins, process};

use crate::paint::Painter;

/// Hz.
pub const RATE: u32 = 44_100;
const BLOCK: usize = 512;
/// Stereo ports of each side.
const PORTS: usize = 16;
/// How long something that has to happen may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module.
pub struct Stage {
    /// The instance.
    pub plug: Arc<Plug>,
    /// Where its takes go.
    pub media: PathBuf,
    sources: Vec<Arc<dyn Source>>,
    inputs: Vec<[Vec<f32>; 2]>,
    outputs: Vec<[Vec<f32>; 2]>,
    /// Where the host is.
    pub pos: i64,
}

impl Stage {
    /// A new instance, active, with takes going to `media`, in a host that calls itself `host`.
    /// Real recordings play into its first inputs.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn new(media: &Path, host: &str) -> Self {
        Self::with(Plug::new(Multi::MODEL, "CLAP"), media, host)
    }

    /// The same without a host: with a transport of its own.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn alone(media: &Path) -> Self {
        Self::with(Plug::alone(Multi::MODEL), media, "")
    }

    fn with(plug: Arc<Plug>, media: &Path, host: &str) -> Self {
        if !host.is_empty() {
            plug.report().set_host(host.into(), "1.0".into());
        }
        plug.announce(f64::from(RATE), BLOCK);
        let folder = Some(media.to_string_lossy().into_owned());
        plug.instance().edit(Command::SetMediaFolder { folder }).expect("a folder");
        assert!(plug.activate(), "{}", plug.report_text());
        let sources = ["loop_amen_full", "loop_tabla", "guit_em9", "bass_woodsy_c", "ambi_piano"]
            .map(|file| -> Arc<dyn Source> {
                let path = recordings_dir().join(file).with_extension("flac");
                Arc::new(Recording::open(&path).unwrap_or_else(|why| panic!("{why}")))
            });
        let ports = || (0..PORTS).map(|_| [vec![0.0; BLOCK], vec![0.0; BLOCK]]).collect();
        let (inputs, outputs) = (ports(), ports());
        Self { plug, media: media.into(), sources: sources.into(), inputs, outputs, pos: 0 }
    }

    /// `frames` of the host's time, rolling or not, faster than the real one.
    pub fn run(&mut self, frames: usize, playing: bool) {
        let mut left = frames;
        while left > 0 {
            let n = left.min(BLOCK);
            for (port, source) in self.sources.iter().enumerate() {
                for (c, buffer) in self.inputs[port].iter_mut().enumerate() {
                    for (i, sample) in buffer[..n].iter_mut().enumerate() {
                        *sample = source.sample(c, self.pos + i as i64) * 0.7;
                    }
                }
            }
            let mut call = Call { stage: self, frames: n, playing };
            let plug = Arc::clone(&call.stage.plug);
            process(&plug, &mut call);
            if playing {
                self.pos += n as i64;
            }
            left -= n;
            // Twenty times as fast as sound: the disk threads keep up.
            std::thread::sleep(Duration::from_micros(580));
        }
    }

    /// Records what plays for so long, from `pos` on; returns when the takes are closed.
    ///
    /// # Panics
    /// If they are not in time.
    pub fn record(&mut self, pos: i64, secs: f64) {
        let before = self.picture().session.takes.len();
        self.pos = pos;
        self.run(BLOCK * 4, false);
        self.set("record", 1.0);
        self.run((secs * f64::from(RATE)) as usize, true);
        self.set("record", 0.0);
        self.until("closed takes", |stage| {
            let takes = &stage.picture().session.takes;
            takes.len() > before && takes.iter().all(|t| t.state == TakeState::Closed)
        });
    }

    /// Sets a parameter by its id.
    ///
    /// # Panics
    /// If there is none.
    pub fn set(&self, id: &str, normalised: f32) {
        use stowaway_engine::params::ParamKey;
        let key = ParamKey::all().find(|k| k.id() == id);
        self.plug.live().set(key.unwrap_or_else(|| panic!("no parameter {id}")), normalised);
    }

    /// The session as it is now.
    #[must_use]
    pub fn picture(&self) -> Arc<Snapshot> {
        self.plug.instance().settled()
    }

    /// Loads a session.
    ///
    /// # Panics
    /// If the plugin does not take it.
    pub fn load(&self, session: &Session) {
        self.plug.load_session(&session.to_json()).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Runs stopped until something is so.
    ///
    /// # Panics
    /// If it does not become so.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let limit = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < limit, "waited for {what}: {:#?}", self.picture());
            self.run(BLOCK, false);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The editor, as large as `size` says, drawn without a window system.
    #[must_use]
    pub fn editor(&self, size: [f32; 2], density: f32) -> Harness<'static, View> {
        let plug = Arc::clone(&self.plug);
        Harness::builder()
            .with_size(size)
            .with_pixels_per_point(density)
            .with_step_dt(1.0 / 30.0)
            .renderer(Painter::default())
            .build_ui_state(
                move |ui, view: &mut View| {
                    if !view.state.framed {
                        ui.ctx().all_styles_mut(look::apply);
                    }
                    // The whole window, as in a host; the harness would leave a margin.
                    let all = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                    ui.scope_builder(all, |ui| {
                        ui.set_clip_rect(ui.ctx().content_rect());
                        view.ui(ui, &plug);
                    });
                },
                View::default(),
            )
    }
}

struct Call<'a> {
    stage: &'a mut Stage,
    frames: usize,
    playing: bool,
}

// SAFETY: the pins lead to buffers of `BLOCK` samples, at least `frames`, that nobody else touches
// while the call lasts: the stage is borrowed for it.
unsafe impl HostCall for Call<'_> {
    fn frames(&self) -> usize {
        self.frames
    }

    fn mode(&self) -> Mode {
        Mode::Realtime
    }

    fn pins(&self, side: Side, port: usize) -> Pins {
        let ports = match side {
            Side::Input => &self.stage.inputs,
            Side::Output => &self.stage.outputs,
        };
        ports
            .get(port)
            .map_or(Pins::MISSING, |[l, r]| Pins([l.as_ptr().cast_mut(), r.as_ptr().cast_mut()]))
    }

    fn has_ports(&self) -> bool {
        true
    }

    fn transport(&self, _rate: f64) -> Option<Transport> {
        let secs = self.stage.pos as f64 / f64::from(RATE);
        Some(Transport {
            playing: self.playing,
            pos_frames: Some(self.stage.pos as f64),
            pos_beats: Some(secs * 2.0),
            tempo: Some(120.0),
            time_sig: Some((4, 4)),
            ..Transport::default()
        })
    }

    fn events(&self, _rate: f64, _add: &mut dyn FnMut(i64, EventKind)) {}

    fn mark(&mut self, _port: usize, _silent: bool) {}
}
