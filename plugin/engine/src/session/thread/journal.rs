//! The journal's lines as takes that a document may have or lack.

use std::collections::HashMap;

use uuid::Uuid;

use crate::gain;
use crate::media::journal::{Entry, Record};
use crate::media::wav;
use crate::session::document::{Db, Overrun, SampleFormat, TrackId};
use crate::session::lanes::PassEnd;
use crate::session::unplaced::KnownTake;

/// Every take that the journal knows, in the order they were begun. One that has no end (its
/// repair failed, or its file is gone) has the length 0 and is not listed.
pub(super) fn known_takes(records: &[Record], prefix: &str) -> Vec<KnownTake> {
    let mut takes: Vec<KnownTake> = Vec::new();
    let mut index: HashMap<Uuid, usize> = HashMap::new();
    for record in records {
        match &record.entry {
            Entry::Open(open) => {
                index.insert(open.take, takes.len());
                takes.push(KnownTake {
                    take: open.take,
                    seq: record.seq,
                    session: open.session,
                    track: TrackId(open.track),
                    track_name: open.track_name.clone(),
                    pass: open.pass,
                    run: open.run,
                    file: format!("{prefix}{}", open.file),
                    pos: open.pos_ticks,
                    rate: open.rate,
                    channels: u8::try_from(open.channels).unwrap_or(2),
                    format: format(open.format),
                    tempo: open.tempo,
                    input: open.input.clone(),
                    end: Some(PassEnd::default()),
                });
            }
            Entry::Close(close) => {
                if let Some(take) = index.get(&close.take).and_then(|i| takes.get_mut(*i)) {
                    take.end = Some(PassEnd {
                        frames: close.frames,
                        size_bytes: close.size_bytes,
                        hash: close.hash.clone().unwrap_or_default(),
                        overruns: close
                            .overruns
                            .iter()
                            .map(|o| Overrun { frame: o.offset_frames, frames: o.frames })
                            .collect(),
                        peak_db: Some(Db(gain::to_db(f64::from(close.peak_gain)))),
                        recovered: false,
                    });
                }
            }
            Entry::Repaired(mended) => {
                if let Some(take) = index.get(&mended.take).and_then(|i| takes.get_mut(*i)) {
                    take.file = format!("{prefix}{}", mended.file);
                    take.end = Some(PassEnd {
                        frames: mended.frames,
                        size_bytes: mended.size_bytes,
                        hash: mended.hash.clone().unwrap_or_default(),
                        recovered: true,
                        ..PassEnd::default()
                    });
                }
            }
            Entry::Discard { take, .. } => {
                if let Some(i) = take.and_then(|take| index.get(&take))
                    && let Some(take) = takes.get_mut(*i)
                {
                    take.end = Some(PassEnd::default());
                }
            }
        }
    }
    takes
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
