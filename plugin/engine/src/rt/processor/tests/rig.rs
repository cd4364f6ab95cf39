//! A host that drives the engine by a script, and sources whose every sample is known.

use super::*;

/// Streams whose samples tell stream, channel and frame.
pub(super) fn sample(stream: u64, channel: usize, frame: i64) -> f32 {
    let x = (frame as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (stream << 32) ^ channel as u64;
    let x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x >> 40) as f32 / (1u64 << 24) as f32) - 0.5
}

pub(super) struct Fake {
    /// Channels of a stream, by id.
    pub(super) data: HashMap<u64, Vec<Vec<f32>>>,
    pub(super) patience: Patience,
    /// Frames of every stream that are not there.
    pub(super) hole: std::ops::Range<i64>,
    /// The longest run handed out.
    pub(super) cut: usize,
    /// The hole is filled once somebody waits.
    pub(super) comes: bool,
}

impl Feed for Fake {
    fn run(&mut self, stream: &Stream, offset: i64, max: usize) -> Run<'_> {
        let data = self.data.entry(stream.id()).or_insert_with(|| {
            (0..stream.channels())
                .map(|c| (0..FILE_FRAMES as i64).map(|f| sample(stream.id(), c, f)).collect())
                .collect()
        });
        if self.hole.contains(&offset) || offset < 0 || offset >= FILE_FRAMES as i64 {
            return Run::MISS;
        }
        let mut end = (offset as usize + max.min(self.cut)).min(FILE_FRAMES as usize);
        if offset < self.hole.start {
            end = end.min(self.hole.start as usize);
        }
        Run::new(data.iter().map(|ch| &ch[offset as usize..end]))
    }

    fn wait(&mut self) -> bool {
        if std::mem::take(&mut self.comes) {
            self.hole = 0..0;
            return true;
        }
        self.patience.wait()
    }

    fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }
}

pub(super) fn stream(channels: u16) -> Arc<Stream> {
    Stream::new(
        StreamSpec {
            path: "/nowhere".into(),
            file_rate: RATE,
            file_frames: FILE_FRAMES,
            file_channels: channels,
            expect_size: None,
        },
        RATE,
    )
    .unwrap()
}

pub(super) fn strip(track: usize, to: Target) -> Strip {
    Strip {
        kind: StripKind::Track {
            id: track as u64 + 100,
            schedule: track,
            input: Some(LiveInput { port: 0, part: Part::Pair }),
            print: false,
            record_gain: false,
        },
        state: track as u16,
        tenant: track as u64 + 1,
        channels: 2,
        controls: ControlSource::Slot(track as u8),
        output: Edge { to, delay_frames: 0 },
        lead_frames: 0,
        downstream: Box::default(),
    }
}

pub(super) fn bus(index: usize, bus: u8, to: Target) -> Strip {
    Strip { kind: StripKind::Bus(bus), controls: ControlSource::Bus(bus), ..strip(index, to) }
}

pub(super) struct Rig {
    pub(super) engine: Engine,
    pub(super) remote: Remote,
    pub(super) live: Arc<LiveParams>,
    pub(super) shared: Arc<Shared>,
    pub(super) feed: Fake,
    /// Everything that came out, by port and channel.
    pub(super) out: Vec<[Vec<f32>; 2]>,
    pub(super) heard: u64,
    pub(super) ports: usize,
    pub(super) mode: Mode,
    /// Beats per minute in 4/4, the first bar line at 0; `None` tells neither tempo nor bars.
    pub(super) tempo: Option<f64>,
}

/// What the host does at a frame of its own time, counted from the first block.
#[derive(Clone, Copy)]
pub(super) enum Do {
    Play(i64),
    Stop,
    Set(ParamKey, f32),
}

impl Rig {
    pub(super) fn new(max_frames: usize, tracks: Vec<TrackSchedule>, strips: Vec<Strip>) -> Self {
        let (live, shared) = (Arc::new(LiveParams::default()), Arc::new(Shared::default()));
        let (engine, mut remote) =
            pair(RATE, max_frames, 16, Arc::clone(&shared), Arc::clone(&live), 0);
        let first_bus = tracks.len();
        let mut levels = vec![Level { strips: 0..first_bus, stages: Box::default() }];
        levels.extend(
            (first_bus..strips.len()).map(|i| Level { strips: i..i + 1, stages: Box::default() }),
        );
        let schedule = Arc::new(Schedule { rate: RATE, tracks: tracks.into() });
        let plan = Plan::new(1, schedule, strips, levels);
        assert!(remote.plans.push(Box::new(plan)).is_ok());
        live.set(ParamKey::Global(GlobalParam::Through), 0.0);
        let feed = Fake {
            data: HashMap::new(),
            patience: Patience::new(RATE),
            hole: 0..0,
            cut: usize::MAX,
            comes: false,
        };
        Self {
            engine,
            remote,
            live,
            shared,
            feed,
            out: vec![[Vec::new(), Vec::new()]; OUTPUTS],
            heard: 0,
            ports: OUTPUTS,
            mode: Mode::Realtime,
            tempo: None,
        }
    }

    /// The plan of one track without clips, in which only a range is recorded.
    pub(super) fn plan_with_punch(&self, punch: Option<(i64, i64)>) -> Box<Plan> {
        let tracks = Box::from([TrackSchedule::default()]);
        let schedule = Arc::new(Schedule { rate: RATE, tracks });
        let level = vec![Level { strips: 0..1, stages: Box::default() }];
        let mut plan = Plan::new(2, schedule, vec![strip(0, Target::Port(0))], level);
        plan.punch = punch;
        Box::new(plan)
    }

    /// The live input of port 0 at host time `t`.
    pub(super) fn input(channel: usize, t: u64) -> f32 {
        sample(u64::MAX >> 33, channel, t as i64)
    }

    /// `frames` of host time in blocks of the sizes in turn; `script` in order of time. The host
    /// tells positions at block starts, and starts and stops at once by a transport event.
    pub(super) fn run(
        &mut self,
        sizes: &[usize],
        frames: usize,
        script: &[(u64, Do)],
        looped: Option<(i64, i64)>,
    ) {
        let end = self.heard + frames as u64;
        let mut state: (bool, i64) = (self.engine.follower.rolling(), self.engine.follower.pos());
        let mut script = script.iter().peekable();
        let loop_frames = looped.map(|(a, b)| (a as f64, b as f64));
        let tempo = self.tempo;
        let say = |(playing, pos): (bool, i64)| {
            let beats = tempo.map(|bpm| pos as f64 / f64::from(RATE) * bpm / 60.0);
            Transport {
                playing,
                pos_frames: Some(pos as f64),
                loop_frames,
                tempo,
                pos_beats: beats,
                bar_beats: beats.map(|b| (b / 4.0).floor() * 4.0),
                ..Transport::default()
            }
        };
        for size in sizes.iter().cycle() {
            let n = (*size as u64).min(end - self.heard) as usize;
            if n == 0 {
                break;
            }
            let transport = say(state);
            let mut events = Vec::new();
            let (mut playing, mut pos) = state;
            for i in 0..n {
                let t = self.heard + i as u64;
                while let Some((_, what)) = script.next_if(|(at, _)| *at <= t) {
                    let offset = i as u32;
                    match what {
                        Do::Play(p) => {
                            (playing, pos) = (true, *p);
                            events.push(Event {
                                offset,
                                kind: EventKind::Transport(say((true, *p))),
                            });
                        }
                        Do::Stop => {
                            playing = false;
                            events.push(Event {
                                offset,
                                kind: EventKind::Transport(say((false, pos))),
                            });
                        }
                        Do::Set(key, v) => {
                            events.push(Event { offset, kind: EventKind::Param(*key, *v) });
                        }
                    }
                }
                if playing {
                    pos += 1;
                    if let Some((a, b)) = looped
                        && pos == b
                    {
                        pos = a;
                    }
                }
            }
            state = (playing, pos);
            let input: [Vec<f32>; 2] = std::array::from_fn(|c| {
                (0..n).map(|i| Self::input(c, self.heard + i as u64)).collect()
            });
            let mut bufs = vec![[vec![9f32; n], vec![9f32; n]]; self.ports];
            let mut outputs: Vec<_> =
                bufs.iter_mut().map(|[l, r]| Some([l.as_mut_slice(), r.as_mut_slice()])).collect();
            let block = Block {
                frames: n,
                mode: self.mode,
                transport: Some(transport),
                events: &events,
                inputs: &[Some([&input[0], &input[1]])],
                outputs: &mut outputs,
            };
            assert_eq!(self.engine.process(block, &mut self.feed), Outcome::Done);
            for (all, new) in self.out.iter_mut().zip(bufs) {
                for (a, b) in all.iter_mut().zip(new) {
                    a.extend(b);
                }
            }
            self.heard += n as u64;
        }
    }

    pub(super) fn passes(&mut self) -> Vec<PassEvent> {
        std::iter::from_fn(|| self.remote.passes.pop().ok()).collect()
    }
}

pub(super) fn clip(
    stream: &Arc<Stream>,
    start: i64,
    frames: i64,
    offset: i64,
    gain: f32,
) -> Segment {
    Segment { gain, ..Segment::plain(Arc::clone(stream), start, offset, frames) }
}

pub(super) fn busy_session() -> (Vec<TrackSchedule>, Vec<Strip>) {
    let (a, b) = (stream(2), stream(1));
    let mut faded = clip(&a, 700, 5_000, 10, 0.7);
    faded.fade_in = Fade { frames: 300, shape: FadeShape::Linear };
    faded.fade_out = Fade { frames: 1_000, shape: FadeShape::EqualPower };
    let mut late = clip(&b, 5_200, 9_000, 0, 1.0);
    late.fade_in = Fade { frames: 500, shape: FadeShape::EqualPower };
    let backwards = Segment { reverse: true, ..clip(&a, 5_400, 4_000, 9_000, 0.6) };
    let round = Round { first: 50, frames: 100_000, per: 147 };
    let again = Segment { round: Some(round), ..clip(&a, 9_400, 3_000, 700, 1.0) };
    let mut shaped =
        Segment { reverse: true, channel: Some(1), ..clip(&a, -100, 2_500, 5_000, 1.0) };
    let points = [(2_000, 0.25), (3_000, 1.5), (3_001, 0.0), (4_900, 1.0)];
    shaped.envelope = points.map(|(frame, gain)| EnvelopePoint { frame, gain }).into();
    shaped.round = Some(Round { first: 2_500, frames: 2_000, per: 1 });
    shaped.fade_in = Fade { frames: 400, shape: FadeShape::SCurve };
    shaped.fade_out = Fade { frames: 700, shape: FadeShape::Logarithmic };
    let tracks = vec![
        TrackSchedule::new(vec![clip(&a, 0, 20_000, 5, 1.0)]),
        TrackSchedule::new(vec![faded, late]),
        TrackSchedule::new(vec![shaped, clip(&b, 2_400, 3_000, 0, 0.5), backwards, again]),
    ];
    let strips = vec![
        strip(0, Target::Port(0)),
        strip(1, Target::Strip(3)),
        strip(2, Target::Strip(3)),
        bus(3, 0, Target::Port(2)),
    ];
    (tracks, strips)
}

pub(super) fn key(slot: u8, p: TrackParam) -> ParamKey {
    ParamKey::Track(slot, p)
}
