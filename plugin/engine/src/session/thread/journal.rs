//! The journal's takes in the document's terms.

use crate::gain;
use crate::media::journal::{JournalTake, TakeEnd};
use crate::media::wav;
use crate::session::document::{Db, Overrun, SampleFormat, TrackId};
use crate::session::lanes::PassEnd;
use crate::session::unplaced::KnownTake;

/// Every take that a folder knows. One without an end could not be mended: its length is 0, and
/// it is not listed.
pub(super) fn known_takes(takes: &[JournalTake], prefix: &str) -> Vec<KnownTake> {
    takes
        .iter()
        .map(|JournalTake { seq, opened, end }| KnownTake {
            take: opened.take,
            seq: *seq,
            session: opened.session,
            track: TrackId(opened.track),
            track_name: opened.track_name.clone(),
            pass: opened.pass,
            run: opened.run,
            file: format!("{prefix}{}", opened.file),
            pos: opened.pos_ticks,
            lead_in_frames: opened.lead_in_frames,
            rate: opened.rate,
            channels: u8::try_from(opened.channels).unwrap_or(2),
            format: format(opened.format),
            tempo: opened.tempo,
            input: opened.input.clone(),
            end: Some(end.as_ref().map_or_else(PassEnd::default, ended)),
        })
        .collect()
}

fn ended(end: &TakeEnd) -> PassEnd {
    let overrun =
        |o: &crate::media::journal::Overrun| Overrun { frame: o.offset_frames, frames: o.frames };
    PassEnd {
        frames: end.frames,
        tail_frames: end.tail_frames,
        size_bytes: end.size_bytes,
        hash: end.hash.clone().unwrap_or_default(),
        overruns: end.overruns.iter().map(overrun).collect(),
        peak_db: end.peak_gain.map(|gain| Db(gain::to_db(f64::from(gain)))),
        recovered: end.recovered,
    }
}

fn format(format: wav::SampleFormat) -> SampleFormat {
    match format {
        wav::SampleFormat::F32 => SampleFormat::F32,
        wav::SampleFormat::F64 => SampleFormat::F64,
        wav::SampleFormat::U8 => SampleFormat::U8,
        wav::SampleFormat::I16 => SampleFormat::I16,
        wav::SampleFormat::I24 => SampleFormat::I24,
        wav::SampleFormat::I32 => SampleFormat::I32,
    }
}
