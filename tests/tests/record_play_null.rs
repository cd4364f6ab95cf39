//! A take goes in, the same take comes out: through the built plugin, with a difference of
//! exactly 0.

use std::sync::Arc;

use scenarios::audio::{Gained, Noise, Source, assert_same, assert_silent};
use scenarios::bundle::Format;
use scenarios::roll::{Clock, Pace, Sizes};
use scenarios::script::Mode;
use scenarios::takes::{Rig, armed, samples};

/// Before the song's first frame, and no multiple of anything.
const PUNCH_IN: i64 = -12_345;
const PUNCH_OUT: i64 = 150_001;
const FRAMES: usize = (PUNCH_OUT - PUNCH_IN) as usize;

/// Proves that several inputs recorded at once, punched in mid-block, come back as they went in:
/// in their files, and played from elsewhere, in real time and offline.
fn null(format: Format, take_format: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let hot = take_format == "f32";
    let mut session = armed(folder.path(), &["In 1", "In 2", "In 3", "In 2 L"]);
    session["settings"]["take_format"] = take_format.into();
    // Hard left, a mono strip is heard at unity.
    session["tracks"][3]["channels"] = 1.into();
    session["tracks"][3]["pan"] = (-100).into();
    let sizes = Sizes::Random { max: 8_192, seed: 5 };
    let mut rig = Rig::open(format, &format!("null {take_format}"), &session, sizes);
    let sources: Vec<Arc<dyn Source>> = (0..3u64)
        .map(|seed| -> Arc<dyn Source> {
            let gain = if hot && seed == 2 { 2.0 } else { 1.0 };
            Arc::new(Gained { source: Noise { seed }, gain })
        })
        .collect();
    for (port, source) in sources.iter().enumerate() {
        rig.roll.feed(port, Arc::clone(source), Clock::Position);
    }
    let record = rig.host.param("Record");
    rig.roll.automate(record, vec![(PUNCH_IN, 1.0), (PUNCH_OUT, 0.0)]);
    rig.locate(-30_007);
    rig.play(200_000);
    let takes = rig.closed_takes(4);
    let source_of = |track: usize| &sources[[0, 1, 2, 1][track]];
    for (i, take) in takes.iter().enumerate() {
        let what = format!("{format:?} {take_format} track {}", i + 1);
        assert_eq!((take.pos, take.frames, take.lost_frames), (PUNCH_IN, FRAMES, 0), "{what}");
        assert_eq!(take.channels, if i == 3 { 1 } else { 2 }, "{what}");
        assert!(take.in_place, "{what}");
        for (c, got) in samples(take).iter().enumerate() {
            assert_same(&what, got, &source_of(i).stretch(c, PUNCH_IN, FRAMES));
        }
    }
    if hot {
        let peak = samples(&takes[2])[0].iter().fold(0.0f32, |p, s| p.max(s.abs()));
        assert!(peak > 1.9, "beyond full scale in the file: {peak}");
    }

    rig.disarm(4);
    rig.roll.automate(record, Vec::new());
    let check = |rig: &Rig, pos: i64, frames: usize, how: &str| {
        for track in 0..4 {
            for c in 0..2 {
                let what = format!("{format:?} {take_format} track {} {how}", track + 1);
                let got = rig.roll.heard.at(track + 1, c, pos, frames);
                if track == 3 && c == 1 {
                    assert_silent(&what, &got);
                } else {
                    assert_same(&what, &got, &source_of(track).stretch(c, pos, frames));
                }
            }
        }
    };
    rig.roll.listen(&[1, 2, 3, 4]);
    rig.roll.set_pace(Pace::Times(2.0));
    rig.locate(40_007);
    rig.play(60_000);
    check(&rig, 40_007, 60_000, "from the middle");

    rig.host.deactivate();
    rig.host.set_mode(Mode::Offline);
    rig.host.activate(scenarios::takes::RATE, 8_192);
    rig.roll.set_pace(Pace::Flat);
    rig.roll.listen(&[1, 2, 3, 4]);
    rig.roll.locate(-20_011);
    rig.play(180_000);
    check(&rig, PUNCH_IN, FRAMES, "offline");
    for (from, frames) in [(-20_011, 20_011 - 12_345), (PUNCH_OUT, 9_000)] {
        assert_silent("beside the take", &rig.roll.heard.at(1, 0, from, frames));
    }
}

#[test]
fn float_takes_keep_every_bit_and_what_exceeds_full_scale_in_clap() {
    null(Format::Clap, "f32");
}

#[test]
fn float_takes_keep_every_bit_and_what_exceeds_full_scale_in_vst3() {
    null(Format::Vst3, "f32");
}

#[test]
fn takes_of_24_bits_keep_24_bits_in_clap() {
    null(Format::Clap, "i24");
}

#[test]
fn takes_of_24_bits_keep_24_bits_in_vst3() {
    null(Format::Vst3, "i24");
}

/// Proves that an input gain is a trim of the monitor unless the track says that takes have it too,
/// and that such a take has it to the bit.
#[test]
fn a_take_has_its_input_gain_only_where_the_track_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = armed(folder.path(), &["In 1", "In 1", "In 1 R"]);
    for track in 0..3 {
        session["tracks"][track]["input_gain_db"] = (-6.0).into();
    }
    session["tracks"][1]["record_gain"] = true.into();
    session["tracks"][2]["record_gain"] = true.into();
    let sizes = Sizes::Random { max: 1_024, seed: 9 };
    let mut rig = Rig::open(Format::Clap, "input gain", &session, sizes);
    let source = Noise { seed: 77 };
    rig.roll.feed(0, Arc::new(source), Clock::Position);
    rig.locate(0);
    rig.host.set_named("Record", "On");
    rig.play(50_000);
    let takes = rig.closed_takes(3);
    let gain = 10f64.powf(-6.0 / 20.0) as f32;
    let want = |c: usize, gain: f32| -> Vec<f32> {
        source.stretch(c, 0, 50_000).iter().map(|s| s * gain).collect()
    };
    for (take, channels, gain) in
        [(&takes[0], &[0, 1][..], 1.0), (&takes[1], &[0, 1], gain), (&takes[2], &[1], gain)]
    {
        for (got, c) in samples(take).iter().zip(channels) {
            assert_same(&format!("track {} channel {c}", take.track), got, &want(*c, gain));
        }
    }
}
