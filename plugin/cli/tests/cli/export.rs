//! `stowaway export`, on sessions made by `stowaway new` and edited as JSON.

use std::fs;
use std::io::Read as _;

use serde_json::{Value, json};

use crate::bench::{Bench, read, write_ints};
use crate::exchange_read as back;

#[path = "export/trouble.rs"]
mod trouble;

/// Ticks of a frame at 48 kHz.
const FRAME: i64 = 5_880;

fn edit(b: &Bench, session: &str, change: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(b.path(session)).unwrap();
    let mut document = serde_json::from_str(&text).unwrap();
    change(&mut document);
    fs::write(b.path(session), document.to_string()).unwrap();
}

/// Two tracks: a kick with a take over it, crossing, and keys; on a bus.
fn song(b: &Bench) -> [Vec<Vec<f32>>; 2] {
    let kick = write_ints(&b.path("kick.wav"), 2, 24, 48_000, 9_600, 1);
    let keys = write_ints(&b.path("Bo's 12\" keys.wav"), 1, 24, 48_000, 4_801, 2);
    b.ok(&["new", "kick.wav", "Bo's 12\" keys.wav", "-o", "song.stowaway"]);
    edit(b, "song.stowaway", |s| {
        s["name"] = json!("Song & <dance>");
        let mut over = s["tracks"][0]["lanes"][0]["clips"][0].clone();
        over["id"] = json!(900);
        over["pos"] = json!(3_000 * FRAME);
        over["offset"] = json!(1_000);
        over["frames"] = json!(4_000);
        over["gain_db"] = json!(-6.0);
        over["name"] = json!("second try");
        over["fade_in"] = json!({ "frames": 300, "shape": "equal_power" });
        let lanes = s["tracks"][0]["lanes"].as_array_mut().unwrap();
        lanes.push(json!({ "id": 901, "name": "Comp", "clips": [over] }));
        s["tracks"][0]["output"] = json!("Bus 2");
        s["tracks"][0]["fader_db"] = json!(-3.0);
        s["tracks"][1]["pan"] = json!(-50.0);
        s["buses"] = json!([{ "bus": 2, "name": "Drums", "fader_db": 1.5, "mute": true }]);
        s["next_id"] = json!(1_000);
    });
    [kick, keys]
}

fn secs(frames: i64) -> f64 {
    frames as f64 / 48_000.0
}

/// Exports and gives stdout; notes are allowed.
#[track_caller]
fn export(b: &Bench, args: &[&str]) -> String {
    let out = b.run(&[&["export"], args].concat());
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn entry(b: &Bench, archive: &str, name: &str) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(fs::File::open(b.path(archive)).unwrap()).unwrap();
    let mut bytes = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// (start, length, offset, gain, fade in, fade out), in frames.
fn frames(clip: &back::Clip) -> (i64, i64, i64, f64, i64, i64) {
    let whole = |secs: f64| {
        let frames = (secs * 48_000.0).round();
        assert!((secs * 48_000.0 - frames).abs() < 1e-6);
        frames as i64
    };
    (
        whole(clip.start),
        whole(clip.length),
        whole(clip.offset),
        (clip.gain * 1e6).round() / 1e6,
        whole(clip.fade_in),
        whole(clip.fade_out),
    )
}

/// What the session above must be in any project.
fn assert_is_the_song(project: &back::Project, audio: &str) {
    let [kick, keys, bus] = project.tracks.as_slice() else { panic!("{project:#?}") };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    near(kick.volume, 10f64.powf(-3.0 / 20.0));
    near(keys.pan, -0.5);
    near(bus.volume, 10f64.powf(1.5 / 20.0));
    assert_eq!((kick.to.as_deref(), keys.to.as_deref()), (Some("Drums"), None));
    assert!(bus.mute && bus.to.is_none() && bus.rows.iter().all(Vec::is_empty));
    // The new lane fades in over the one below as it was drawn, and out by itself in 5 ms.
    let gain = (10f64.powf(-6.0 / 20.0) * 1e6).round() / 1e6;
    let rows: Vec<Vec<_>> = kick.rows.iter().map(|r| r.iter().map(frames).collect()).collect();
    assert_eq!(
        rows,
        [
            vec![
                (0, 3_300, 0, 1.0, 0, 300),
                (3_000, 4_000, 1_000, gain, 300, 240),
                (6_760, 2_840, 6_760, 1.0, 240, 0),
            ],
            vec![(0, 9_600, 0, 1.0, 0, 0)],
            vec![(3_000, 4_000, 1_000, gain, 300, 0)],
        ]
    );
    assert!(kick.rows[0].iter().all(|c| c.on) && kick.rows[1..].iter().flatten().all(|c| !c.on));
    assert_eq!(kick.rows[2][0].name, "second try");
    assert_eq!(kick.rows[2][0].file, format!("{audio}/kick.wav"));
    assert_eq!(keys.rows.len(), 1, "what sounds is all there is");
    assert_eq!(frames(&keys.rows[0][0]), (0, 4_801, 0, 1.0, 0, 0));
}

#[test]
fn a_dawproject_holds_the_session_and_its_audio() {
    let b = Bench::new();
    song(&b);
    let said = export(&b, &["song.stowaway", "--to", "dawproject", "-o", "song.dawproject"]);
    assert_eq!(said, "Exported 2 tracks with 6 clips to song.dawproject\n");
    let xml = String::from_utf8(entry(&b, "song.dawproject", "project.xml")).unwrap();
    assert_is_the_song(&back::dawproject(&xml), "audio");
    let meta = String::from_utf8(entry(&b, "song.dawproject", "metadata.xml")).unwrap();
    let meta = roxmltree::Document::parse(&meta).unwrap();
    let title = meta.descendants().find(|n| n.has_tag_name("Title")).unwrap();
    assert_eq!(title.text(), Some("Song & <dance>"));
    assert_eq!(
        entry(&b, "song.dawproject", "audio/kick.wav"),
        fs::read(b.path("song-media/kick.wav")).unwrap()
    );
    // Without the audio it is small, and names it where it lies.
    export(&b, &["song.stowaway", "--to", "dawproject", "--referenced", "-o", "r.dawproject"]);
    let xml = String::from_utf8(entry(&b, "r.dawproject", "project.xml")).unwrap();
    assert_is_the_song(&back::dawproject(&xml), "song-media");
    assert_eq!(xml.matches("external=\"true\"").count(), 6);
    assert!(fs::metadata(b.path("r.dawproject")).unwrap().len() < 20_000);
    // From elsewhere by its whole path.
    fs::create_dir(b.path("far")).unwrap();
    export(&b, &["song.stowaway", "--to", "dawproject", "--referenced", "-o", "far/r.dawproject"]);
    let xml = String::from_utf8(entry(&b, "far/r.dawproject", "project.xml")).unwrap();
    let path = b.path("song-media/kick.wav");
    assert_eq!(back::dawproject(&xml).tracks[0].rows[1][0].file, path.to_str().unwrap());
    export(&b, &["song.stowaway", "--to", "dawproject", "--sounding", "-o", "s.dawproject"]);
    let xml = String::from_utf8(entry(&b, "s.dawproject", "project.xml")).unwrap();
    assert_eq!(back::dawproject(&xml).tracks[0].rows.len(), 1);
}

#[test]
fn a_reaper_project_holds_the_session() {
    let b = Bench::new();
    song(&b);
    edit(&b, "song.stowaway", |s| {
        s["tracks"][0]["polarity"] = json!(true);
        s["tracks"][1]["output"] = json!("Out 3");
    });
    export(&b, &["song.stowaway", "--to", "rpp", "-o", "song.rpp"]);
    let text = fs::read_to_string(b.path("song.rpp")).unwrap();
    assert_is_the_song(&back::reaper(&text), "song-media");
    assert!(text.contains("NAME `Bo's 12\" keys`"), "{text}");
    let root = back::chunks(&text);
    let [kick, keys, bus] = root.tracks()[..] else { panic!() };
    assert_eq!([kick, keys, bus].map(|t| t.number("IPHASE", 0)), [1.0, 0.0, 0.0]);
    assert_eq!([kick, keys, bus].map(|t| t.number("MAINSEND", 0)), [0.0, 0.0, 1.0]);
    assert_eq!(keys.number("HWOUT", 0), 4.0, "output 3 is the channels 5 and 6");
    // A mono strip lies 3 dB lower in the middle.
    assert!((keys.number("VOLPAN", 2) - 0.5f64.sqrt()).abs() < 1e-12);
    assert_eq!(kick.number("VOLPAN", 2), 1.0);
    assert_eq!(kick.get("LANENAME").unwrap(), ["Sounding", "Lane 1", "Comp"]);
    // With copies beside it, it can be carried away.
    fs::create_dir(b.path("away")).unwrap();
    let said = export(&b, &["song.stowaway", "--to", "rpp", "--copy", "-o", "away/song.rpp"]);
    assert!(said.contains("\n  kick.wav\n"), "{said}");
    assert_is_the_song(
        &back::reaper(&fs::read_to_string(b.path("away/song.rpp")).unwrap()),
        "Media",
    );
    assert_eq!(b.names("away"), ["Media", "song.rpp"]);
    assert_eq!(
        fs::read(b.path("away/Media/kick.wav")).unwrap(),
        fs::read(b.path("song-media/kick.wav")).unwrap()
    );
    // What is in Media already is nobody's to replace.
    fs::write(b.path("away/Media/kick.wav"), b"mine").unwrap();
    export(&b, &["song.stowaway", "--to", "rpp", "--copy", "-o", "away/2.rpp"]);
    assert_eq!(fs::read(b.path("away/Media/kick.wav")).unwrap(), b"mine");
    let text = fs::read_to_string(b.path("away/2.rpp")).unwrap();
    assert_eq!(back::reaper(&text).tracks[0].rows[1][0].file, "Media/kick 2.wav");
}

/// The time reference of a bext chunk, looked for by hand.
fn time_reference(bytes: &[u8]) -> u64 {
    let at = bytes.windows(4).position(|w| w == b"bext").unwrap() + 8 + 338;
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[test]
fn clips_are_files_with_a_time_stamp() {
    let b = Bench::new();
    let [kick, keys] = song(&b);
    edit(&b, "song.stowaway", |s| {
        s["tracks"][1]["name"] = json!("a/b: \"c\"?");
        s["tracks"][1]["lanes"][0]["clips"][0]["offset"] = json!(100);
        s["tracks"][1]["lanes"][0]["clips"][0]["frames"] = json!(4_701);
        s["tracks"][1]["lanes"][0]["clips"][0]["pos"] = json!(48_000 * FRAME);
        let take = "11111111-2222-3333-4444-555555555555";
        s["tracks"][1]["lanes"][0]["clips"][0]["take"] = json!(take);
        s["takes"] = json!([{ "id": take, "track": 1, "lane": 1, "pass": 4, "source": s["sources"][1]["id"],
            "pos": 0, "frames": 4_801, "tempo": 97.5 }]);
    });
    export(&b, &["song.stowaway", "--to", "wav", "-o", "clips"]);
    let plain = "clips/a_b_ _c__ 01 Bo's 12_ keys.wav";
    assert_eq!(
        b.names("clips"),
        [&plain["clips/".len()..], "kick 01 kick.wav", "kick 02 second try.wav"]
    );
    // Unity and no fades: the file's own bytes, in its own format.
    let bytes = fs::read(b.path(plain)).unwrap();
    assert_eq!(bytes.len(), 4_096 + 4_701 * 3 + 1);
    let original = fs::read(b.path("song-media/Bo's 12_ keys.wav")).unwrap();
    let data = original.windows(4).position(|w| w == b"data").unwrap() + 8;
    assert_eq!(bytes[4_096..][..4_701 * 3], original[data + 300..][..4_701 * 3]);
    assert_eq!(hound::WavReader::open(b.path(plain)).unwrap().spec().bits_per_sample, 24);
    assert_eq!(keys[0].len(), 4_801);
    assert_eq!(time_reference(&bytes), 48_000);
    let text = String::from_utf8_lossy(&bytes[..4_096]).into_owned();
    for said in ["<TEMPO>97.5</TEMPO>", "<TAKE>4</TAKE>", "a/b: &quot;c&quot;?"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // Gain and fades by their laws.
    let edited = read(&b.path("clips/kick 02 second try.wav"));
    assert_eq!(time_reference(&fs::read(b.path("clips/kick 02 second try.wav")).unwrap()), 3_000);
    assert_eq!(edited[0].len(), 4_000);
    for (side, original) in edited.iter().zip(&kick) {
        for (n, got) in side.iter().enumerate() {
            let x = ((n as f64 + 0.5) / 300.0).min(1.0);
            let gain = 10f64.powf(-6.0 / 20.0) * (x * std::f64::consts::FRAC_PI_2).sin();
            let want = f64::from(original[1_000 + n]) * gain;
            assert!((f64::from(*got) - want).abs() < 1e-6, "frame {n}: {got} {want}");
        }
    }
}

/// The pieces that sound, laid at their time stamps, are what a print of the track is.
#[test]
fn what_sounds_adds_up_to_the_print() {
    let b = Bench::new();
    song(&b);
    edit(&b, "song.stowaway", |s| {
        s["tracks"][0]["fader_db"] = json!(0.0);
        s["tracks"][0]["output"] = json!("Main");
        s["tracks"][0]["lanes"][0]["clips"][0]["pos"] = json!(0);
    });
    export(&b, &["song.stowaway", "--to", "wav", "--sounding", "-o", "clips"]);
    b.ok(&["print", "song.stowaway", "--out", "stems"]);
    let stem = read(&b.path("stems/kick.wav"));
    let mut sum = [vec![0f32; 9_600], vec![0f32; 9_600]];
    let names = b.names("clips");
    let ours: Vec<_> = names.iter().filter(|n| n.starts_with("kick")).collect();
    assert_eq!(ours.len(), 3);
    for name in ours {
        let path = b.path(&format!("clips/{name}"));
        let at = time_reference(&fs::read(&path).unwrap()) as usize;
        for (sum, side) in sum.iter_mut().zip(floats(&path)) {
            for (n, sample) in side.into_iter().enumerate() {
                sum[at + n] += sample;
            }
        }
    }
    assert_eq!(sum, stem);
}

/// Both sides, whatever the format.
fn floats(path: &std::path::Path) -> [Vec<f32>; 2] {
    let mut wav = hound::WavReader::open(path).unwrap();
    let all: Vec<f32> = match wav.spec().sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let scale = (1u32 << (wav.spec().bits_per_sample - 1)) as f32;
            wav.samples::<i32>().map(|s| s.unwrap() as f32 / scale).collect()
        }
    };
    [0, 1].map(|c| all.iter().skip(c).step_by(2).copied().collect())
}

#[test]
fn what_lies_before_zero_is_cut_off_with_a_word() {
    let b = Bench::new();
    song(&b);
    edit(&b, "song.stowaway", |s| {
        s["tracks"][1]["lanes"][0]["clips"][0]["pos"] = json!(-1_000 * FRAME);
        s["tracks"][1]["lanes"][0]["clips"][0]["fade_in"] = json!({ "frames": 1_500 });
    });
    for (to, file) in [("dawproject", "a.dawproject"), ("rpp", "a.rpp")] {
        let out = b.run(&["export", "song.stowaway", "--to", to, "-o", file]);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{said}");
        assert!(said.contains("1 clip on track “Bo's 12\" keys” begins before 0"), "{said}");
    }
    let project = back::reaper(&fs::read_to_string(b.path("a.rpp")).unwrap());
    assert_eq!(frames(&project.tracks[1].rows[0][0]), (0, 3_801, 1_000, 1.0, 500, 0));
    assert!((project.tracks[1].rows[0][0].offset - secs(1_000)).abs() < 1e-12);
    // Files may be longer than the timeline: nothing is cut, and the true place is in them.
    export(&b, &["song.stowaway", "--to", "wav", "-o", "clips"]);
    let said = b.json(&["info", "clips/Bo's 12_ keys 01 Bo's 12_ keys.wav", "--json"]);
    assert_eq!(
        (&said["take"]["pos_ticks"], &said["frames"]),
        (&json!(-1_000 * FRAME), &json!(4_801))
    );
    assert_eq!(said["bext"]["time_reference_frames"], 0);
}
