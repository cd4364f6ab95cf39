//! Sessions handed over to other programs, read back by parsers that share nothing with the
//! writers, and compared with the session by a painter that shares nothing with the plan.

#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers in tests"
)]

#[path = "exchange/generate.rs"]
mod generate;
#[path = "exchange/read.rs"]
mod read;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use stowaway_engine::exchange::{ExportError, Options, Report, Target, export};
use stowaway_engine::session::Session;

fn exported(session: &Session, dir: &Path, target: &Target) -> Result<Report, ExportError> {
    export(session, &dir.join("media"), target, &Options::default(), &mut |_, _| {})
}

fn project_xml(file: &Path) -> String {
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut text = String::new();
    zip.by_name("project.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Equal but for the last digits of what was calculated.
fn assert_same(got: &read::Project, want: &read::Project) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
    assert!(near(got.tempo, want.tempo));
    assert_eq!(got.tracks.len(), want.tracks.len());
    for (g, w) in got.tracks.iter().zip(&want.tracks) {
        assert_eq!((&g.name, g.mute, g.solo, &g.to), (&w.name, w.mute, w.solo, &w.to));
        assert!(near(g.volume, w.volume) && near(g.pan, w.pan), "{g:?} {w:?}");
        let rows = |t: &read::Track| t.rows.iter().map(Vec::len).collect::<Vec<_>>();
        let bare = |rows: Vec<usize>| if rows == [0] { Vec::new() } else { rows };
        assert_eq!(bare(rows(g)), bare(rows(w)), "{g:#?}\n{w:#?}");
        for (g, w) in g.rows.iter().flatten().zip(w.rows.iter().flatten()) {
            let words = |c: &read::Clip| (c.name.clone(), c.file.clone(), c.on);
            assert_eq!(words(g), words(w), "{g:?} {w:?}");
            for (g, w) in [
                (g.start, w.start),
                (g.length, w.length),
                (g.offset, w.offset),
                (g.gain, w.gain),
                (g.fade_in, w.fade_in),
                (g.fade_out, w.fade_out),
            ] {
                assert!(near(g, w), "{g} {w}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_session_reads_back_as_it_is(session in generate::session()) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("media")).unwrap();
        let file = dir.path().join("a.dawproject");
        let target = Target::DawProject { file: file.clone(), referenced: true };
        exported(&session, dir.path(), &target).unwrap();
        let want = generate::expected(&session, str::to_owned);
        assert_same(&read::dawproject(&project_xml(&file)), &want);

        let file = dir.path().join("a.rpp");
        exported(&session, dir.path(), &Target::Reaper { file: file.clone(), copy: false }).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        // Three kinds of quotes in one name are one too many for Reaper.
        let name = |name: &str| {
            let all = ['"', '\'', '`'].iter().all(|q| name.contains(*q));
            if all { name.replace('`', "'") } else { name.to_owned() }
        };
        assert_same(&read::reaper(&text), &generate::expected(&session, name));
        let polarity: Vec<bool> = session.tracks.iter().map(|t| t.polarity).collect();
        let root = read::chunks(&text);
        let told = root.tracks().into_iter().map(|t| t.number("IPHASE", 0) != 0.0);
        prop_assert_eq!(told.take(polarity.len()).collect::<Vec<_>>(), polarity);
    }
}

/// One track that plays all of one stereo file.
fn one_clip(dir: &Path, frames: u32) -> Session {
    fs::create_dir(dir.join("media")).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(dir.join("media/a.wav"), spec).unwrap();
    for n in 0..2 * frames {
        wav.write_sample((n % 30_011) as i16).unwrap();
    }
    wav.finalize().unwrap();
    let json = format!(
        r#"{{"format":1,"id":"00000000-0000-0000-0000-000000000007","next_id":9,
        "tracks":[{{"id":1,"name":"T","lanes":[{{"id":2,"clips":[{{"id":3,"source":4,"pos":0,
        "frames":{frames}}}]}}]}}],
        "sources":[{{"id":4,"file":"a.wav","rate":48000,"channels":2,"format":"i16",
        "frames":{frames}}}]}}"#
    );
    Session::from_json(&json).unwrap().0
}

fn targets(dir: &Path) -> [Target; 3] {
    let at = |name: &str| -> PathBuf { dir.join("out").join(name) };
    [
        Target::DawProject { file: at("a.dawproject"), referenced: false },
        Target::Reaper { file: at("a.rpp"), copy: true },
        Target::Wav { dir: at("clips") },
    ]
}

#[test]
fn a_cancelled_export_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let session = one_clip(dir.path(), 1_000_000);
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    for target in targets(dir.path()) {
        let options = Options::default();
        let flag = options.cancel.clone();
        let mut calls = 0;
        let ended =
            export(&session, &dir.path().join("media"), &target, &options, &mut |done, all| {
                assert!(done < all, "it goes on to the end: {target:?}");
                calls += 1;
                flag.store(true, Ordering::Relaxed);
            });
        assert!(matches!(ended, Err(ExportError::Cancelled)), "{target:?}");
        assert_eq!(calls, 1, "{target:?}");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "{target:?}");
    }
}

#[test]
fn progress_ends_at_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let session = one_clip(dir.path(), 300_000);
    fs::create_dir(dir.path().join("out")).unwrap();
    for target in targets(dir.path()) {
        let mut last = (0, 1);
        export(&session, &dir.path().join("media"), &target, &Options::default(), &mut |d, a| {
            assert!(d >= last.0);
            last = (d, a);
        })
        .unwrap();
        assert!(last.0 == last.1 && last.1 >= 1_200_000, "{last:?}");
    }
}

/// Files at two rates on one track: what covers what is right to the frame of each.
#[test]
fn each_clip_is_cut_at_its_own_files_rate() {
    let json = r#"{"format":1,"id":"00000000-0000-0000-0000-000000000007","next_id":20,
        "settings":{"fade_ms":0},
        "tracks":[{"id":1,"name":"T","lanes":[
            {"id":2,"clips":[{"id":3,"source":5,"pos":0,"frames":44100}]},
            {"id":4,"clips":[{"id":6,"source":7,"pos":94080000,"frames":16000,"offset":100}]}]}],
        "sources":[
            {"id":5,"file":"a.wav","rate":44100,"channels":2,"frames":50000},
            {"id":7,"file":"b.wav","rate":48000,"channels":1,"frames":50000}]}"#;
    let session = Session::from_json(json).unwrap().0;
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("media")).unwrap();
    let file = dir.path().join("a.rpp");
    exported(&session, dir.path(), &Target::Reaper { file: file.clone(), copy: false }).unwrap();
    let project = read::reaper(&fs::read_to_string(&file).unwrap());
    // A third of a second, and another one, of a second.
    let third = 1.0 / 3.0;
    let got: Vec<_> =
        project.tracks[0].rows[0].iter().map(|c| (c.start, c.length, c.offset)).collect();
    let want =
        [(0.0, third, 0.0), (third, third, 100.0 / 48_000.0), (2.0 * third, third, 2.0 * third)];
    assert_eq!(got.len(), 3);
    for (got, want) in got.iter().zip(want) {
        for (got, want) in [(got.0, want.0), (got.1, want.1), (got.2, want.2)] {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }
}
