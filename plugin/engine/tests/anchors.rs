//! Clips anchored in beats, edited while the host's tempo changes.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, Instant};

use serde_json::json;
use stowaway_engine::host::{Block, Mode, Transport};
use stowaway_engine::instance::{Instance, InstanceConfig, Processor};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::{Clip, ClipId};
use stowaway_engine::time::Ticks;

const SECOND: i64 = 282_240_000;

struct Rig {
    instance: Instance,
    processor: Processor,
}

impl Rig {
    fn new() -> Self {
        let clip = |id: u64, pos: i64| json!({ "id": id, "source": 3, "pos": pos * SECOND, "frames": 48_000 });
        let session = json!({
            "format": 1, "id": "5e551011-be2c-4000-8000-0000000000c1", "next_id": 100,
            "tracks": [{ "id": 1, "name": "A",
                         "lanes": [{ "id": 10, "clips": [clip(20, 2), clip(21, 8)] }] }],
            "sources": [{ "id": 3, "file": "a.wav", "rate": 48_000, "channels": 1,
                          "frames": 480_000 }],
        });
        let config = InstanceConfig { inputs: 1, outputs: 1, ..InstanceConfig::default() };
        let instance = Instance::new(config);
        instance.load_session_json(&session.to_string()).unwrap();
        let processor = instance.activate(48_000, 512).unwrap();
        Self { instance, processor }
    }

    /// A block at a quarter note.
    fn tell(&mut self, beat: f64, secs: f64, tempo: f64) {
        let mut out = [vec![0.0; 64], vec![0.0; 64]];
        let [l, r] = &mut out;
        let _ = self.processor.process(Block {
            frames: 64,
            mode: Mode::Realtime,
            transport: Some(Transport {
                pos_frames: Some(secs * 48_000.0),
                pos_beats: Some(beat),
                tempo: Some(tempo),
                ..Transport::default()
            }),
            events: &[],
            inputs: &[],
            outputs: &mut [Some([l, r])],
        });
        let _ = self.instance.settled();
    }

    fn clip(&self, id: u64) -> Clip {
        let session = self.instance.settled().session.clone();
        session.clips().map(|(_, c)| c.clone()).find(|c| c.id == ClipId(id)).unwrap()
    }

    fn secs(&self, id: u64) -> f64 {
        self.clip(id).pos.secs()
    }

    fn until(&self, done: impl Fn(&Self) -> bool) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !done(self) {
            assert!(Instant::now() < limit, "{:?}", self.instance.settled().messages);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn an_anchored_clip_follows_through_moves_and_undo() {
    let mut rig = Rig::new();
    rig.instance.anchor(vec![ClipId(20)], true);
    rig.until(|rig| rig.instance.settled().messages.iter().any(|m| m.contains("no tempo yet")));
    rig.tell(0.0, 0.0, 120.0);
    rig.instance.anchor(vec![ClipId(20)], true);
    rig.until(|rig| rig.clip(20).beats == Some(4.0));
    assert_eq!(rig.instance.settled().undo.as_deref(), Some("anchor"));
    rig.tell(0.0, 0.0, 60.0);
    assert_eq!((rig.secs(20), rig.secs(21)), (4.0, 8.0));
    // Moved by hand: it is anchored where it is now.
    let move_to =
        |secs: i64| Command::MoveClip { clip: ClipId(20), pos: Ticks(secs * SECOND), track: None };
    rig.instance.edit(move_to(6)).unwrap();
    assert_eq!(rig.clip(20).beats, Some(6.0));
    rig.tell(0.0, 0.0, 120.0);
    assert_eq!(rig.secs(20), 3.0);
    // Taken back, it is at its beat of before, in the tempo of now.
    rig.instance.undo().unwrap();
    assert_eq!((rig.clip(20).beats, rig.secs(20)), (Some(4.0), 2.0));
    rig.instance.redo().unwrap();
    assert_eq!((rig.clip(20).beats, rig.secs(20)), (Some(6.0), 3.0));
    // A piece that is split off has its own anchor.
    let at = Ticks(SECOND * 7 / 2);
    rig.instance.edit(Command::SplitClip { clip: ClipId(20), at }).unwrap();
    rig.tell(0.0, 0.0, 60.0);
    let session = rig.instance.settled().session.clone();
    let mut places: Vec<f64> = session.clips().map(|(_, c)| c.pos.secs()).collect();
    places.sort_by(f64::total_cmp);
    assert_eq!(places, [6.0, 7.0, 8.0]);
    rig.instance.anchor(vec![ClipId(20)], false);
    rig.until(|rig| rig.clip(20).beats.is_none());
    rig.tell(0.0, 0.0, 120.0);
    assert_eq!(rig.secs(20), 6.0, "in time again");
}
