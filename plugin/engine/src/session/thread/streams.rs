//! Streams of the sources in use, and the plan that plays them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::hosted::{Active, Hosted, OwnTap};
use crate::disk::capture::capture_ring;
use crate::disk::pool::ReadSettings;
use crate::disk::stream::{Stream, StreamSpec};
use crate::plan::{Plan, StripKind};
use crate::rt::history_frames;
use crate::rt::own_rings::OwnRing;
use crate::session::document::{Session, Source, SourceId, Track, TrackId};

/// What makes a stream: another path or rate is another stream.
type Key = (PathBuf, u32, u32);

/// The streams that the last plans used, so that an edit does not read everything again.
#[derive(Default)]
pub(super) struct Streams {
    open: HashMap<SourceId, (Key, Arc<Stream>)>,
}

impl Streams {
    /// `needed`: frames of the file up to the last one that a clip shows.
    fn of(
        &mut self,
        source: &Source,
        root: &std::path::Path,
        rate: u32,
        needed: impl FnOnce() -> u64,
    ) -> Option<Arc<Stream>> {
        let key = (root.join(&source.file), source.rate, rate);
        if let Some((have, stream)) = self.open.get(&source.id)
            && *have == key
            && reaches(stream.file_frames(), source.frames, needed)
        {
            return Some(Arc::clone(stream));
        }
        let spec = StreamSpec {
            path: PathBuf::from(&source.file),
            file_rate: source.rate,
            file_frames: source.frames,
            file_channels: u16::from(source.channels),
            expect_size: (source.size_bytes > 0).then_some(source.size_bytes),
        };
        let stream = Stream::in_folder(root, &spec, rate).ok()?;
        self.open.insert(source.id, (key, Arc::clone(&stream)));
        Some(stream)
    }
}

/// Whether a stream of `have` frames of a file can stay. A take that is played while its tail is
/// being recorded is longer afterwards: what plays goes on playing.
fn reaches(have: u64, frames: u64, needed: impl FnOnce() -> u64) -> bool {
    have == frames || (have < frames && needed() <= have)
}

/// Tracks that record with their input gain get a ring of their own, sent before the plan that
/// uses it. (Where the mailbox is full, the next plan brings it; until then they record plainly.)
fn rings_for(active: &mut Active, session: &Session, plan: &Plan) {
    let gained = |track: &&Track| track.record_gain;
    active.own_taps.retain(|id, _| session.track(*id).is_some_and(|t| gained(&t)));
    for strip in &plan.strips {
        let StripKind::Track { id, record_gain: true, .. } = strip.kind else { continue };
        let (id, of) = (TrackId(id), (strip.state, strip.tenant));
        if active.own_taps.get(&id).is_some_and(|own| own.strip == of) {
            continue;
        }
        if active.remote.own_rings.is_full() {
            return;
        }
        let (feed, tap) = capture_ring(history_frames(active.remote.rate, active.max_frames));
        let ring =
            OwnRing { slot: strip.state, tenant: strip.tenant, generation: plan.generation, feed };
        if active.remote.own_rings.push(ring).is_ok() {
            active.own_taps.insert(id, OwnTap { strip: of, tap });
        }
    }
}

impl Hosted {
    pub(super) fn read_settings(&self) -> ReadSettings {
        ReadSettings {
            ahead_secs: self.session.settings.read_ahead_secs,
            ..ReadSettings::default()
        }
    }

    /// Compiles the document and sends the plan; tries again at the next tick where the audio
    /// thread has not taken the ones before.
    pub(super) fn compile(&mut self) {
        let Some(active) = &mut self.active else { return };
        if active.remote.plans.is_full() {
            return;
        }
        let rate = active.remote.rate;
        let root = self.media.root(&self.session);
        let session = &self.session;
        let by_id = session.source_map();
        let streams = &mut self.streams;
        let compiled = self.compiler.compile(session, rate, |id| {
            let source = by_id.get(&id)?;
            let playable = !source.growing && source.frames > 0 && source.stays_in_folder();
            let needed = || {
                let ends = session.clips().filter(|(_, clip)| clip.source == id);
                ends.map(|(_, clip)| clip.offset.saturating_add(clip.shown_frames()))
                    .max()
                    .unwrap_or(0)
            };
            streams.of(source, root.as_deref().filter(|_| playable)?, rate, needed)
        });
        streams.open.retain(|id, _| by_id.contains_key(id));
        rings_for(active, session, &compiled.plan);
        active.registration.set_schedule(Arc::clone(&compiled.plan.schedule));
        let sent = active.remote.plans.push(Box::new(compiled.plan)).is_ok();
        active.registration.set_settings(ReadSettings {
            ahead_secs: session.settings.read_ahead_secs,
            ..ReadSettings::default()
        });
        self.stale = !sent;
        for note in compiled.notes {
            if !self.messages.contains(&note) {
                self.say(note);
            }
        }
    }
}
