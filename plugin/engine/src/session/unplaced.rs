//! Takes that the media folder knows and the document may not: after a crash they go back to
//! their place, after a host's undo they are listed. A take is never dropped here.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::document::{
    Extra, SampleFormat, Session, Source, SourceId, Take, TakeState, TrackId, limits,
};
use super::lanes::{PassEnd, end_pass, passes};
use crate::time::Ticks;

/// A take as the journal, or the repair of a folder, knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTake {
    /// Its id.
    pub take: Uuid,
    /// The sequence number of its first line in the journal.
    pub seq: u64,
    /// The session it was recorded in; nil where that is unknown.
    pub session: Uuid,
    /// The track it was recorded on.
    pub track: TrackId,
    /// That track's name.
    pub track_name: String,
    /// Which pass of its run.
    pub pass: u32,
    /// The run it belongs to; 0 where that is unknown.
    pub run: u64,
    /// Path relative to the media folder.
    pub file: String,
    /// Where the first frame of its file belongs.
    pub pos: Ticks,
    /// As in [`Take::lead_in_frames`].
    pub lead_in_frames: u64,
    /// In Hz.
    pub rate: u32,
    /// 1 ..= 16.
    pub channels: u8,
    /// How it is stored.
    pub format: SampleFormat,
    /// Beats per minute where it begins.
    pub tempo: Option<f64>,
    /// The input as it was called.
    pub input: String,
    /// How it ended; `None` while it is being recorded in this process.
    pub end: Option<PassEnd>,
}

impl KnownTake {
    /// Its length as far as it is known.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.end.as_ref().map_or(0, |end| end.frames)
    }

    /// Where its clip belongs: behind the lead-in.
    #[must_use]
    pub fn clip_pos(&self) -> Ticks {
        super::lanes::end_of(self.pos, self.lead_in_frames, self.rate)
    }

    /// What its clip shows, as far as that is known.
    fn clip_frames(&self) -> u64 {
        let tail = self.end.as_ref().map_or(0, |end| end.tail_frames);
        self.frames().saturating_sub(self.lead_in_frames).saturating_sub(tail)
    }
}

/// A take that no clip shows.
#[derive(Clone, Debug, PartialEq)]
pub struct UnplacedTake {
    /// All that is needed to place it.
    pub known: KnownTake,
    /// Still being recorded: it can be placed when it has ended.
    pub growing: bool,
}

/// What [`reconcile`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciled {
    /// Takes that were put back on their tracks.
    pub placed: Vec<Uuid>,
    /// Takes that no clip shows.
    pub unplaced: Vec<UnplacedTake>,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Brings the document and what its media folder knows together. `crashed`: the last owner of
/// the folder died, so what it recorded after the document was saved goes back on its tracks;
/// otherwise somebody chose this document as it is, and what it does not have is only listed.
pub fn reconcile(session: &mut Session, known: &[KnownTake], crashed: bool) -> Reconciled {
    let mut out = Reconciled::default();
    let mut by_seq: Vec<&KnownTake> = known.iter().collect();
    by_seq.sort_by_key(|k| k.seq);
    let mended = finish_growing(session, &by_seq);
    if mended > 0 {
        out.notes.push(format!(
            "{mended} takes were still being recorded when this session was saved; they have \
             their full length now."
        ));
    }
    if crashed {
        for take in &by_seq {
            let newer = take.seq > session.journal_seq && session.take(take.take).is_none();
            let ours = take.session == session.id || take.session.is_nil();
            let (true, true, Some(_), true) = (newer, ours, &take.end, take.frames() > 0) else {
                continue;
            };
            if place_known(session, take, take.track, take.clip_pos()).is_ok() {
                out.placed.push(take.take);
            }
        }
        if !out.placed.is_empty() {
            out.notes.push(format!(
                "{} takes recorded after the last save were put back on their tracks.",
                out.placed.len()
            ));
        }
    }
    let last = by_seq.last().map_or(0, |k| k.seq);
    session.journal_seq = session.journal_seq.max(last);
    out.unplaced = unplaced(session, known);
    out
}

/// Gives takes that were growing when the document was saved their true length. One that nobody
/// records any more and nobody knows an end of keeps the length that was safe.
fn finish_growing(session: &mut Session, known: &[&KnownTake]) -> usize {
    let by_id: HashMap<Uuid, &KnownTake> = known.iter().map(|k| (k.take, *k)).collect();
    let growing: Vec<(Uuid, u64)> = session
        .takes
        .iter()
        .filter(|t| t.state == TakeState::Growing)
        .map(|t| (t.id, t.frames))
        .collect();
    let mut mended = 0;
    for (id, frames) in growing {
        let end = match by_id.get(&id) {
            Some(KnownTake { end: None, .. }) => continue,
            // The journal saw it end without a frame: then it is nothing. Where the document
            // saw frames all the same, they are believed rather than dropped.
            Some(KnownTake { end: Some(end), .. }) if end.frames > 0 || frames == 0 => end.clone(),
            _ if frames == 0 => {
                // The folder may be out of reach: the take stays, and stays silent.
                continue;
            }
            _ => {
                let tail_frames = session.take(id).map_or(0, |t| t.tail_frames);
                PassEnd { frames, tail_frames, recovered: true, ..PassEnd::default() }
            }
        };
        mended += usize::from(end_pass(session, id, &end));
    }
    mended
}

/// What no clip shows: takes of the folder that the document does not have, and takes of the
/// document whose clips or track were removed. Oldest first as far as that is known.
#[must_use]
pub fn unplaced(session: &Session, known: &[KnownTake]) -> Vec<UnplacedTake> {
    let shown: HashSet<Uuid> = session.clips().filter_map(|(_, c)| c.take).collect();
    let have: HashSet<Uuid> = session.takes.iter().map(|t| t.id).collect();
    let sources = session.source_map();
    let mut seen = HashSet::new();
    let mut list: Vec<UnplacedTake> = known
        .iter()
        .filter(|k| !shown.contains(&k.take) && seen.insert(k.take))
        // A take that ended without a frame is nothing, unless the document says otherwise.
        .filter(|k| k.end.is_none() || k.frames() > 0 || have.contains(&k.take))
        .map(|k| UnplacedTake { known: k.clone(), growing: k.end.is_none() })
        .collect();
    list.sort_by_key(|u| u.known.seq);
    let from_document =
        session.takes.iter().filter(|t| !shown.contains(&t.id) && !seen.contains(&t.id)).map(|t| {
            UnplacedTake {
                known: known_from_document(session, t, sources.get(&t.source).copied()),
                growing: t.state == TakeState::Growing,
            }
        });
    list.extend(from_document);
    list
}

/// Puts a take on a track, with its file and its entry where the document lacks them. Its clip
/// begins at `pos`, its lead-in before that.
///
/// # Errors
/// The track is gone, the session is full, or the take is still being recorded.
pub fn place_known(
    session: &mut Session,
    known: &KnownTake,
    track: TrackId,
    pos: Ticks,
) -> Result<passes::PassIds, passes::PlaceError> {
    if session.track(track).is_none() {
        return Err(passes::PlaceError::NoTrack);
    }
    let pos = Ticks(pos.0.clamp(-limits::POS_TICKS, limits::POS_TICKS));
    if session.take(known.take).is_some() {
        return passes::place(session, known.take, track, pos);
    }
    if session.takes.len() >= limits::TAKES || session.sources.len() >= limits::SOURCES {
        return Err(passes::PlaceError::Full);
    }
    // Everything that can fail comes before the document is touched.
    let span = (pos, super::lanes::end_of(pos, known.clip_frames(), known.rate));
    let lane = passes::lane_for(session, track, span, true)?;
    let end = known.end.clone().unwrap_or_default();
    let source = SourceId(session.new_id());
    session.sources.push(Source {
        id: source,
        file: known.file.clone(),
        rate: known.rate.clamp(1_000, 1_536_000),
        channels: known.channels.clamp(1, 16),
        format: known.format,
        frames: end.frames,
        size_bytes: end.size_bytes,
        hash: end.hash,
        growing: known.end.is_none(),
        extra: Extra::new(),
    });
    session.takes.push(Take {
        id: known.take,
        track,
        lane,
        pass: known.pass,
        run: known.run,
        source,
        pos: known.pos,
        frames: end.frames,
        lead_in_frames: known.lead_in_frames.min(end.frames),
        tail_frames: end.tail_frames.min(end.frames.saturating_sub(known.lead_in_frames)),
        peak_db: end.peak_db,
        overruns: end.overruns.into_iter().take(limits::OVERRUNS).collect(),
        state: match (&known.end, end.recovered) {
            (None, _) => TakeState::Growing,
            (Some(_), true) => TakeState::Recovered,
            (Some(_), false) => TakeState::Closed,
        },
        tempo: known.tempo.filter(|t| *t > 0.0 && *t <= 10_000.0),
        input: known.input.clone(),
        name: String::new(),
        rating: 0,
        colour: None,
        level: None,
        extra: Extra::new(),
    });
    passes::place(session, known.take, track, pos)
}

/// A take of the document in the journal's terms.
fn known_from_document(session: &Session, take: &Take, source: Option<&Source>) -> KnownTake {
    let growing = take.state == TakeState::Growing;
    KnownTake {
        take: take.id,
        seq: 0,
        session: session.id,
        track: take.track,
        track_name: session.track(take.track).map_or_else(String::new, |t| t.name.clone()),
        pass: take.pass,
        run: take.run,
        file: source.map_or_else(String::new, |s| s.file.clone()),
        pos: take.pos,
        lead_in_frames: take.lead_in_frames,
        rate: source.map_or(48_000, |s| s.rate),
        channels: source.map_or(2, |s| s.channels),
        format: source.map_or_else(SampleFormat::default, |s| s.format),
        tempo: take.tempo,
        input: take.input.clone(),
        end: (!growing).then(|| PassEnd {
            frames: take.frames,
            tail_frames: take.tail_frames,
            size_bytes: source.map_or(0, |s| s.size_bytes),
            hash: source.map_or_else(String::new, |s| s.hash.clone()),
            overruns: take.overruns.clone(),
            peak_db: take.peak_db,
            recovered: take.state == TakeState::Recovered,
        }),
    }
}

#[cfg(test)]
mod tests;
