use std::time::{Duration, Instant};

use stowaway_engine::params::TrackParam;
use stowaway_engine::session::command::{Command, StripId, StripValue};
use stowaway_engine::session::document::{Output, TakeState};

use super::*;
use crate::ports::{Layout, Multi};
use crate::transport::OwnTransport;

const RATE: u32 = 48_000;

/// Exact in 24 bits, different for every frame and channel.
fn sample(channel: usize, frame: i64) -> f32 {
    let x = frame.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (x as f32 / (1 << 24) as f32 - 0.5) * if channel == 0 { 1.0 } else { -1.0 }
}

fn stereo(channels: &mut [Vec<f32>]) -> Buffer<'_> {
    let frames = channels[0].len();
    let mut buffer = Buffer::default();
    // SAFETY: all channels are as long as said, and live as long as the buffer.
    unsafe {
        buffer.set_slices(frames, |slices| {
            *slices = channels.iter_mut().map(Vec::as_mut_slice).collect();
        });
    }
    buffer
}

/// What the framework's standalone does: blocks of the main input and output in one memory.
struct Backend {
    plug: Arc<Plug>,
    alone: Alone,
}

impl Backend {
    fn new(folder: &std::path::Path) -> Self {
        let plug = Plug::alone(Multi::MODEL);
        let mut alone = Alone::new(&plug).unwrap_or_else(|| panic!("it has no host"));
        alone.rate = f64::from(RATE);
        plug.announce(alone.rate, 512);
        let folder = Some(folder.to_string_lossy().into_owned());
        plug.instance().edit(Command::SetMediaFolder { folder }).unwrap_or_else(|e| panic!("{e}"));
        assert!(plug.activate());
        Self { plug, alone }
    }

    fn transport(&self) -> &OwnTransport {
        self.plug.own_transport().unwrap_or_else(|| panic!("it has no host"))
    }

    fn set(&self, key: ParamKey, value: f32) {
        self.plug.live().set(key, value);
    }

    /// One block, in place.
    fn block(&mut self, main: &mut [Vec<f32>; 2]) {
        let frames = main[0].len();
        let mut buffer = stereo(main);
        // As on CPAL: memory for all ports, also for those that no device has.
        let mut nowhere = vec![vec![0.0; frames]; 2 * (OUTPUTS - 1)];
        let mut outputs: Vec<Buffer> = nowhere.chunks_mut(2).map(|pair| stereo(pair)).collect();
        let mut aux = AuxiliaryBuffers { inputs: &mut [], outputs: &mut outputs };
        let status = self.alone.process(&self.plug, &mut buffer, &mut aux);
        assert_eq!(status, ProcessStatus::KeepAlive);
    }

    /// Blocks of odd lengths, fed by `input` with the position that the transport shows; what
    /// comes out.
    fn run(&mut self, frames: usize, input: impl Fn(usize, i64) -> f32) -> [Vec<f32>; 2] {
        let mut heard = [Vec::new(), Vec::new()];
        for n in [256, 100, 500].into_iter().cycle() {
            let n = n.min(frames - heard[0].len());
            if n == 0 {
                break;
            }
            let pos = self.transport().pos();
            let mut main: [Vec<f32>; 2] =
                std::array::from_fn(|c| (pos..).take(n).map(|at| input(c, at)).collect());
            self.block(&mut main);
            for (all, new) in heard.iter_mut().zip(main) {
                all.extend(new);
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        heard
    }

    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !done(self) {
            assert!(Instant::now() < limit, "waited for {what}:\n{}", self.plug.report_text());
            self.run(64, |_, _| 0.0);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn what_was_recorded_at_a_place_is_heard_there_and_in_the_loop() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let mut app = Backend::new(&dir.path().join("takes"));
    let arm = ParamKey::Track(0, TrackParam::Arm);
    let record = ParamKey::Global(GlobalParam::Record);
    let (from, length) = (96_000i64, 24_000);
    app.transport().locate(from);
    app.set(arm, 1.0);
    app.set(record, 1.0);
    app.run(64, |_, _| 0.0);
    app.transport().play();
    app.run(length, sample);
    app.transport().stop();
    app.until("the take's end", |app| {
        let takes = app.plug.instance().settled().session.takes.clone();
        takes.iter().any(|t| t.state == TakeState::Closed)
    });
    app.set(arm, 0.0);
    app.set(record, 0.0);
    app.set(ParamKey::Global(GlobalParam::Through), 0.0);

    // From before the take, through it once, and around a loop in it.
    let (start, loop_start, loop_end) = (from - 700, from + 300, from + 5_001);
    app.transport().set_loop(Some((loop_start, loop_end)));
    app.transport().locate(start);
    app.run(256, |_, _| 0.0);
    std::thread::sleep(Duration::from_millis(150));
    app.transport().play();
    let heard = app.run(30_000, |_, _| 0.0);
    let mut pos = start;
    for i in 0..30_000 {
        for (c, channel) in heard.iter().enumerate() {
            let expected = if pos < from { 0.0 } else { sample(c, pos) };
            assert_eq!(channel[i], expected, "channel {c}, frame {i}, at {pos}");
        }
        pos = if pos + 1 == loop_end { loop_start } else { pos + 1 };
    }
    let gaps = app.plug.instance().shared().counters.list();
    assert!(gaps.contains(&("gaps", 0)) && gaps.contains(&("jumps", 0)), "{gaps:?}");
    // What no host saves is kept beside its take.
    let kept = dir.path().join("takes").join("session.stowaway");
    drop(app);
    let text = std::fs::read_to_string(kept).unwrap_or_else(|e| panic!("{e}"));
    assert!(text.contains("\"takes\""), "{text}");
}

#[test]
fn it_stands_until_it_is_told_to_play() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let mut app = Backend::new(dir.path());
    app.run(1_000, |_, _| 0.0);
    assert_eq!(app.transport().pos(), 0);
    let at = app.plug.instance().shared().playhead.read();
    assert!(!at.rolling && at.pos == 0, "{at:?}");
    app.transport().play();
    app.run(1_000, |_, _| 0.0);
    assert_eq!(app.plug.instance().shared().playhead.read().pos, 1_000);
    // The wire: what comes in goes out.
    assert_eq!(app.run(64, |c, _| 0.25 - c as f32)[1][63], -0.75);
}

#[test]
fn what_goes_to_an_output_that_no_device_has_is_heard_on_the_first() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let mut app = Backend::new(dir.path());
    let track = app.plug.instance().snapshot().session.tracks[0].id;
    let (strip, value) = (StripId::Track(track), StripValue::Output(Output::Out(1)));
    app.plug.instance().edit(Command::SetStrip { strip, value }).unwrap_or_else(|e| panic!("{e}"));
    app.set(ParamKey::Global(GlobalParam::Through), 0.0);
    // Its input, always heard.
    app.set(ParamKey::Track(0, TrackParam::Monitor), 0.0);
    let heard = |app: &mut Backend| {
        drop(app.plug.instance().settled());
        app.run(4_000, |_, _| 0.5)[0][3_999]
    };
    assert_eq!(heard(&mut app), 0.0, "there is an output 2");
    for port in 1..OUTPUTS {
        app.plug.set_port(Side::Output, port, false);
    }
    assert!(app.plug.activate());
    assert_eq!(heard(&mut app), 0.5, "there is none");
}
