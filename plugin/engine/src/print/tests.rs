//! Prints against an independent reader and a slow plain mixer.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::disk::storage::RealStorage;
use crate::disk::storage::faulty::FaultyStorage;
use crate::gain;
use crate::media::wav::SampleFormat;
use crate::session::document::{
    Clip, ClipId, Db, Extra, Lane, LaneId, Output, SampleFormat as DocFormat, Source, SourceId,
};
use crate::time::Ticks;

const RATE: u32 = 48_000;
const FRAMES: i64 = 20_000;

/// A session in a folder of its own, with its files.
struct Rig {
    dir: tempfile::TempDir,
    session: Session,
    /// What is in each file, channel by channel.
    audio: Vec<Vec<Vec<f32>>>,
}

fn noise(seed: u64, n: i64) -> i32 {
    let x = (seed << 40) ^ (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x >> 42) as i32) - (1 << 21)
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("media")).unwrap();
        let mut session = Session::new_default(16);
        session.tracks.clear();
        Self { dir, session, audio: Vec::new() }
    }

    fn media(&self) -> PathBuf {
        self.dir.path().join("media")
    }

    /// A track with one clip of all of a new 24-bit file.
    fn track(&mut self, name: &str, channels: u16, pos: i64) -> usize {
        let i = self.session.tracks.len();
        let file = format!("{i}.wav");
        let spec = hound::WavSpec {
            channels,
            sample_rate: RATE,
            bits_per_sample: 24,
            sample_format: hound::SampleFormat::Int,
        };
        let mut audio = vec![Vec::new(); usize::from(channels)];
        let mut wav = hound::WavWriter::create(self.media().join(&file), spec).unwrap();
        for n in 0..FRAMES {
            for (c, side) in audio.iter_mut().enumerate() {
                let sample = noise((i * 16 + c) as u64, n);
                wav.write_sample(sample).unwrap();
                side.push(sample as f32 / 8_388_608.0);
            }
        }
        wav.finalize().unwrap();
        self.audio.push(audio);
        let source = SourceId(self.session.new_id());
        self.session.sources.push(Source {
            id: source,
            file,
            rate: RATE,
            channels: channels as u8,
            format: DocFormat::I24,
            frames: FRAMES as u64,
            size_bytes: 0,
            hash: String::new(),
            growing: false,
            extra: Extra::new(),
        });
        let id = ClipId(self.session.new_id());
        let clip = Clip::whole(id, source, Ticks::from_frames(pos, RATE), FRAMES as u64);
        let mut lane = Lane::empty(LaneId(self.session.new_id()));
        lane.clips.push(clip);
        self.session.add_track(Some(name.to_owned()), None).unwrap();
        let track = &mut self.session.tracks[i];
        track.channels = channels as u8;
        track.lanes.push(lane);
        i
    }

    fn job(&self, what: What) -> PrintJob {
        let request = PrintRequest {
            what: vec![what],
            if_exists: IfExists::Replace,
            proof: false,
            ..PrintRequest::to(self.dir.path().join("out"))
        };
        PrintJob { session: self.session.clone(), media_root: self.media(), request }
    }

    fn print(&self, what: What) -> PrintReport {
        print(&self.job(what), &mut |_, _| {}).unwrap()
    }

    fn in_out(&self) -> Vec<String> {
        let Ok(all) = fs::read_dir(self.dir.path().join("out")) else { return Vec::new() };
        all.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// Both sides of a float file, by a reader that is not ours.
fn read(path: &Path) -> [Vec<f32>; 2] {
    let mut wav = hound::WavReader::open(path).unwrap();
    assert_eq!(wav.spec().channels, 2);
    let all: Vec<f32> = wav.samples::<f32>().map(Result::unwrap).collect();
    [0, 1].map(|c| all.iter().skip(c).step_by(2).copied().collect())
}

#[track_caller]
fn assert_same(a: &[Vec<f32>; 2], b: &[Vec<f32>; 2], what: &str) {
    for c in 0..2 {
        assert_eq!(a[c].len(), b[c].len(), "{what}");
        let first = a[c].iter().zip(&b[c]).position(|(x, y)| x.to_bits() != y.to_bits());
        assert_eq!(first, None, "{what}, channel {c}");
    }
}

/// Faders, pans, clip gain, a fade, a bus, a mono and a stereo track, one beginning before 0.
fn song() -> Rig {
    let mut rig = Rig::new();
    rig.track("Kick", 1, -500);
    rig.track("Room", 2, 1_000);
    rig.track("Guitar", 2, 3_333);
    rig.track("Voice", 1, 10);
    rig.session.tracks[0].mix.pan = -40.0;
    rig.session.tracks[1].mix.fader_db = Db(-6.0);
    rig.session.tracks[1].mix.pan = 50.0;
    rig.session.tracks[2].output = Output::Bus(2);
    let clip = &mut rig.session.tracks[2].lanes[0].clips[0];
    clip.gain_db = Db(-3.0);
    clip.fade_in.frames = 300;
    rig.session.tracks[3].output = Output::Bus(2);
    rig.session.tracks[3].polarity = true;
    rig.session.bus_mut(2).mix.fader_db = Db(3.0);
    rig
}

/// The same by the written laws alone, sample by sample, each sum in the order of the tracks.
fn slow_mix(rig: &Rig) -> [Vec<f32>; 2] {
    let start = -500i64;
    let len = (3_333 + FRAMES - start) as usize;
    let db = |db: f64| 10f64.powf(db / 20.0);
    let t = 0.3 * std::f64::consts::FRAC_PI_2;
    let centre = std::f64::consts::FRAC_PI_4;
    let gains: [[f64; 2]; 4] = [
        [t.cos(), t.sin()],
        [db(-6.0) * 0.5, db(-6.0)],
        [1.0, 1.0],
        [-centre.cos(), -centre.sin()],
    ];
    let clip_gain = db(-3.0) as f32;
    let mut out = [vec![0f32; len], vec![0f32; len]];
    for i in 0..len {
        let frame = start + i as i64;
        for (side, out) in out.iter_mut().enumerate() {
            let at = |track: usize, pos: i64| {
                let file = &rig.audio[track];
                let n = usize::try_from(frame - pos).ok()?;
                file[side.min(file.len() - 1)].get(n).copied()
            };
            let add = |sum: &mut f32, sample: Option<f32>, gain: f64| {
                if let Some(sample) = sample {
                    *sum += sample * gain as f32;
                }
            };
            add(&mut out[i], at(0, -500), gains[0][side]);
            add(&mut out[i], at(1, 1_000), gains[1][side]);
            let mut bus = 0f32;
            let x = frame - 3_333;
            let fade = if x < 300 { (x as f32 + 0.5) / 300.0 } else { 1.0 };
            add(&mut bus, at(2, 3_333).map(|s| s * (clip_gain * fade)), gains[2][side]);
            add(&mut bus, at(3, 10), gains[3][side]);
            out[i] += bus * db(3.0) as f32;
        }
    }
    out
}

#[test]
fn a_print_equals_a_slow_plain_mixer_and_no_block_length_changes_a_bit() {
    let rig = song();
    let report = rig.print(What::Main);
    assert_eq!((report.start_frame, report.frames), (-500, 23_833));
    let main = read(&report.files[0].path);
    let slow = slow_mix(&rig);
    // Faders go through the host's 32-bit values; what remains is their rounding.
    let worst = (0..2)
        .flat_map(|c| main[c].iter().zip(&slow[c]).map(|(a, b)| (a - b).abs()))
        .fold(0f32, f32::max);
    assert_eq!(main[0].len(), slow[0].len());
    assert!(worst < 4e-7, "off by {worst}");
    let peak = main.iter().flatten().fold(0f32, |p, v| p.max(v.abs()));
    assert_eq!(report.files[0].peak_db, gain::to_db(f64::from(peak)));
    let storage: Arc<dyn Storage> = Arc::new(RealStorage);
    for block in [1, 63, 64, 777] {
        let report =
            print_in_blocks(&rig.job(What::Main), &storage, Some(block), &mut |_, _| {}).unwrap();
        assert_same(&read(&report.files[0].path), &main, &format!("blocks of {block}"));
    }
}

#[test]
fn at_unity_the_mix_is_the_sum_to_the_bit() {
    let mut rig = Rig::new();
    for i in 0..5 {
        rig.track(&format!("{i}"), 2, i * 100);
    }
    let main = read(&rig.print(What::Main).files[0].path);
    let mut sum = [vec![0f32; main[0].len()], vec![0f32; main[0].len()]];
    for (i, file) in rig.audio.iter().enumerate() {
        for c in 0..2 {
            for (n, sample) in file[c].iter().enumerate() {
                sum[c][i * 100 + n] += sample;
            }
        }
    }
    assert_same(&main, &sum, "main");
}

/// Tracks are tapped beside the mix: the mix does not change, and is the sum of what was tapped.
#[test]
fn stems_of_one_pass_add_up_to_the_mix() {
    let mut rig = song();
    let main = read(&rig.print(What::Main).files[0].path);
    let buses = rig.print(What::Buses);
    assert_eq!(buses.files.iter().map(|f| &f.name).collect::<Vec<_>>(), ["Bus 3"]);
    let bus = read(&buses.files[0].path);
    let tracks = rig.print(What::Tracks);
    let stems: Vec<_> = tracks.files.iter().map(|f| read(&f.path)).collect();
    let names: Vec<_> =
        tracks.files.iter().map(|f| f.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["Kick.wav", "Room.wav", "Guitar.wav", "Voice.wav"]);
    let add = |parts: &[&[Vec<f32>; 2]]| {
        let mut sum = [0, 1].map(|c| vec![0f32; parts[0][c].len()]);
        for part in parts {
            for c in 0..2 {
                sum[c].iter_mut().zip(&part[c]).for_each(|(s, v)| *s += v);
            }
        }
        sum
    };
    assert_same(&add(&[&stems[0], &stems[1], &bus]), &main, "tracks and bus");
    // Through the bus at unity, its parts are the sum of the tracks.
    rig.session.bus_mut(2).mix.fader_db = Db::UNITY;
    let bus = read(&rig.print(What::Buses).files[0].path);
    assert_same(&add(&[&stems[2], &stems[3]]), &bus, "bus");
    // Wide strips have several channels a side: the order of their sums stays, tapped or not.
    let mut wide = Rig::new();
    wide.track("Wide", 5, 0);
    wide.track("Narrow", 2, 0);
    wide.session.tracks[0].output = Output::Out(4);
    wide.session.tracks[1].output = Output::Out(4);
    let stems: Vec<_> = wide.print(What::Tracks).files.iter().map(|f| read(&f.path)).collect();
    let out = wide.print(What::Buses);
    assert_eq!(out.files[0].name, "Out 5");
    let out = read(&out.files[0].path);
    assert_same(&add(&[&stems[0], &stems[1]]), &out, "wide first");
}

#[test]
fn a_take_at_unity_is_printed_to_24_bits_as_it_is() {
    let mut rig = Rig::new();
    rig.track("Kick", 2, 0);
    let mut job = rig.job(What::Tracks);
    job.request.format = SampleFormat::I24;
    let report = print(&job, &mut |_, _| {}).unwrap();
    assert_eq!(report.files[0].clipped_samples, 0);
    let ints = |path: &Path| -> Vec<i32> {
        let mut wav = hound::WavReader::open(path).unwrap();
        wav.samples::<i32>().map(Result::unwrap).collect()
    };
    let (got, want) = (ints(&report.files[0].path), ints(&rig.media().join("0.wav")));
    assert!(got == want && got.len() == 2 * FRAMES as usize);
}

#[test]
fn arming_and_monitoring_do_not_silence_a_print_and_mute_does() {
    let mut rig = song();
    let before = read(&rig.print(What::Main).files[0].path);
    for track in &mut rig.session.tracks {
        track.arm = true;
    }
    rig.session.tracks[0].monitor = Monitor::Input;
    rig.session.globals.bypass = true;
    assert_same(&read(&rig.print(What::Main).files[0].path), &before, "armed");
    rig.session.tracks[1].mix.mute = true;
    let report = rig.print(What::Tracks);
    assert_eq!(report.files[1].peak_db, f64::NEG_INFINITY);
    assert!(report.files[0].peak_db > -20.0);
}

#[test]
fn a_broken_source_is_named_and_nothing_is_printed() {
    let rig = song();
    let told = |rig: &Rig| {
        let error = print(&rig.job(What::Tracks), &mut |_, _| {}).unwrap_err();
        assert_eq!(rig.in_out(), Vec::<String>::new());
        error.to_string()
    };
    let file = rig.media().join("2.wav");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let text = told(&rig);
    assert!(text.contains("2.wav on track “Guitar” was cut short"), "{text}");
    fs::write(&file, b"fLaC and so on, for more than a header's worth of bytes").unwrap();
    let text = told(&rig);
    assert!(text.contains("2.wav on track “Guitar” cannot be played: it is no WAV"), "{text}");
    fs::remove_file(&file).unwrap();
    fs::remove_file(rig.media().join("0.wav")).unwrap();
    let text = told(&rig);
    assert!(text.contains("0.wav on track “Kick” is not there"), "{text}");
    assert!(text.contains("One more file"), "{text}");

    let mut rig = song();
    rig.session.sources[1].growing = true;
    let text = told(&rig);
    assert!(text.contains("1.wav on track “Room” was still being recorded"), "{text}");
    let mut rig = song();
    rig.session.sources[1].file = "../secret.wav".into();
    let text = told(&rig);
    assert!(text.contains("“Room” lies outside of the session's media folder"), "{text}");
    let mut rig = song();
    rig.session.sources.remove(3);
    let text = told(&rig);
    assert!(text.contains("“Voice” is not known to the session"), "{text}");
    let mut rig = song();
    rig.session.sources[0].rate = 44_100;
    let text = told(&rig);
    assert!(text.contains("another file than the session knows"), "{text}");
}

/// The disk goes away in the middle: the file and the track are named, and nothing is left.
#[test]
fn a_disk_that_vanishes_while_printing_fails_the_print() {
    let rig = song();
    let faulty = Arc::new(FaultyStorage::new(Arc::new(RealStorage)));
    let storage: Arc<dyn Storage> = faulty.clone();
    let mut seen = 0;
    let result = print_in_blocks(&rig.job(What::Tracks), &storage, Some(64), &mut |done, total| {
        assert!(done <= total);
        seen = done;
        if done > total / 2 {
            faulty.set(|faults| faults.vanished = true);
        }
    });
    let text = result.unwrap_err().to_string();
    assert!(seen > 10_000 && text.contains(".wav on track “"), "{text}");
    assert_eq!(rig.in_out(), Vec::<String>::new());
}

#[test]
fn existing_files_are_only_replaced_when_asked() {
    let rig = song();
    let out = rig.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("Room.wav"), b"mine").unwrap();
    let with = |if_exists| {
        let mut job = rig.job(What::Tracks);
        job.request.if_exists = if_exists;
        print(&job, &mut |_, _| {})
    };
    assert!(
        matches!(with(IfExists::Fail), Err(PrintError::Exists(path)) if path.ends_with("Room.wav"))
    );
    assert_eq!(rig.in_out(), ["Room.wav"]);
    let report = with(IfExists::Skip).unwrap();
    assert_eq!(
        report.files.iter().map(|f| f.skipped).collect::<Vec<_>>(),
        [false, true, false, false]
    );
    assert_eq!(fs::read(out.join("Room.wav")).unwrap(), b"mine");
    assert_eq!(rig.in_out().len(), 4);
    let report = with(IfExists::Replace).unwrap();
    assert!(report.files.iter().all(|f| !f.skipped));
    assert_eq!(read(&out.join("Room.wav"))[0].len(), 23_833);
    assert_eq!(rig.in_out().len(), 4, "nothing but the stems: {:?}", rig.in_out());
}

#[test]
fn nothing_is_printed_among_the_takes() {
    let rig = song();
    for out_dir in [rig.media(), rig.media().join("a/b"), rig.media().join("x/../y")] {
        let mut job = rig.job(What::Main);
        job.request.out_dir = out_dir;
        let result = print(&job, &mut |_, _| {});
        assert!(matches!(result, Err(PrintError::InMediaFolder { .. })), "{result:?}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(rig.media(), rig.dir.path().join("link")).unwrap();
        let mut job = rig.job(What::Main);
        job.request.out_dir = rig.dir.path().join("link/b");
        assert!(matches!(print(&job, &mut |_, _| {}), Err(PrintError::InMediaFolder { .. })));
    }
    assert_eq!(fs::read_dir(rig.media()).unwrap().count(), 4);
}

#[test]
fn an_absurd_length_is_refused_before_anything_is_written() {
    let mut rig = song();
    rig.session.tracks[3].lanes[0].clips[0].pos = Ticks(1 << 60);
    let result = print(&rig.job(What::Main), &mut |_, _| {});
    assert!(matches!(result, Err(PrintError::NoRoom { .. })), "{result:?}");
    assert_eq!(rig.in_out(), Vec::<String>::new());
}

#[test]
fn an_empty_session_and_a_session_without_buses_are_told_so() {
    let empty = Rig::new();
    let told = |rig: &Rig, what| print(&rig.job(what), &mut |_, _| {}).unwrap_err().to_string();
    assert!(told(&empty, What::Tracks).contains("no clips"));
    assert!(told(&empty, What::Main).contains("no clips"));
    let mut rig = Rig::new();
    rig.track("Kick", 2, 0);
    assert!(told(&rig, What::Buses).contains("No track plays to a bus"));
    let mut job = rig.job(What::Main);
    job.request.out_dir = PathBuf::new();
    let nowhere = print(&job, &mut |_, _| {}).unwrap_err().to_string();
    assert!(nowhere.contains("Choose a folder"), "{nowhere}");
    let mut job = rig.job(What::Main);
    job.request.rate = Some(7);
    assert!(matches!(print(&job, &mut |_, _| {}), Err(PrintError::Rate(7))));
}
