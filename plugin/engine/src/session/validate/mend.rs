//! Brings what was read into its ranges, one noun after the other. Each change leaves a note.

use std::collections::HashSet;

use super::SessionError;
use super::renumber::{largest_id, renumber};
use crate::host::INPUTS;
use crate::params::{BUSES, MACROS, TRACK_SLOTS};
use crate::session::document::{
    Clip, Db, Input, Mix, Session, Source, Take, Track, clip::MAX_CLIP_GAIN_DB, limits,
    track::MAX_FADER_DB, values,
};
use crate::time::Ticks;

/// Most notes that are kept; the rest is counted.
const NOTES: usize = 50;

/// Collects sentences, up to a limit.
#[derive(Default)]
struct Notes {
    list: Vec<String>,
    more: usize,
}

impl Notes {
    fn say(&mut self, sentence: impl FnOnce() -> String) {
        if self.list.len() < NOTES {
            self.list.push(sentence());
        } else {
            self.more += 1;
        }
    }

    fn finish(mut self) -> Vec<String> {
        if self.more > 0 {
            self.list.push(format!("{} more remarks of this kind were left out.", self.more));
        }
        self.list
    }
}

/// # Errors
/// There are more lanes or clips than a session can have.
pub(super) fn mend(session: &mut Session) -> Result<Vec<String>, SessionError> {
    let mut notes = Notes::default();
    count(session)?;
    if renumber(session) {
        notes
            .say(|| "The session's internal numbers were out of range and were given anew.".into());
    }
    let least = largest_id(session).saturating_add(1);
    session.next_id = session.next_id.max(least);
    if cut(&mut session.name) {
        notes.say(|| "The session's name was too long and was cut.".into());
    }
    duplicates(session, &mut notes);
    slots(session, &mut notes);
    for track in &mut session.tracks {
        mend_track(track, &mut notes);
    }
    buses(session, &mut notes);
    for source in &mut session.sources {
        mend_source(source, &mut notes);
    }
    for take in &mut session.takes {
        mend_take(take, &mut notes);
    }
    marks(session, &mut notes);
    settings(session, &mut notes);
    dangling(session, &mut notes);
    Ok(notes.finish())
}

fn count(session: &Session) -> Result<(), SessionError> {
    let lanes: usize = session.tracks.iter().map(|t| t.lanes.len()).sum();
    if lanes > limits::LANES {
        return Err(SessionError::TooMuch { what: "more than 50 000 lanes" });
    }
    if session.clips().count() > limits::CLIPS {
        return Err(SessionError::TooMuch { what: "more than 100 000 clips" });
    }
    Ok(())
}

/// Two things with one id: the second gets an id of its own; what refers to it means the first.
fn duplicates(session: &mut Session, notes: &mut Notes) {
    let next = &mut session.next_id;
    let mut clashes = 0usize;
    let mut unique = |seen: &mut HashSet<u64>, id: &mut u64| {
        if !seen.insert(*id) {
            *id = *next;
            *next += 1;
            seen.insert(*id);
            clashes += 1;
        }
    };
    let (mut tracks, mut lanes, mut clips, mut sources) =
        (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
    for track in &mut session.tracks {
        unique(&mut tracks, &mut track.id.0);
        for lane in &mut track.lanes {
            unique(&mut lanes, &mut lane.id.0);
            for clip in &mut lane.clips {
                unique(&mut clips, &mut clip.id.0);
            }
        }
    }
    for source in &mut session.sources {
        unique(&mut sources, &mut source.id.0);
    }
    let (mut markers, mut regions) = (HashSet::new(), HashSet::new());
    session.markers.iter_mut().for_each(|m| unique(&mut markers, &mut m.id.0));
    session.regions.iter_mut().for_each(|r| unique(&mut regions, &mut r.id.0));
    let mut takes = HashSet::new();
    for take in &mut session.takes {
        while !takes.insert(take.id) {
            take.id = uuid::Uuid::new_v4();
            clashes += 1;
        }
    }
    if clashes > 0 {
        notes.say(|| {
            format!(
                "{clashes} parts of the session had the same internal number as another one and \
                 got their own."
            )
        });
    }
}

fn slots(session: &mut Session, notes: &mut Notes) {
    let mut used = HashSet::new();
    for track in &mut session.tracks {
        if let Some(slot) = track.param_slot
            && (usize::from(slot) >= TRACK_SLOTS || !used.insert(slot))
        {
            track.param_slot = None;
            notes.say(|| {
                format!(
                    "Track \"{}\" asked for host parameters that another track has or that do \
                     not exist; it is mixed without.",
                    track.name
                )
            });
        }
    }
    // Bookkeeping that needs no note: only the order of reuse depends on it.
    session.freed_slots.retain(|s| usize::from(*s) < TRACK_SLOTS && used.insert(*s));
}

fn mend_track(track: &mut Track, notes: &mut Notes) {
    let mut bent = cut(&mut track.name);
    bent |= clamp(&mut track.channels, 1, 16);
    bent |= clamp_f64(&mut track.input_gain_db, -24.0, 24.0, 0.0);
    bent |= mend_mix(&mut track.mix);
    if bent {
        notes.say(|| {
            format!(
                "Track \"{}\" had values out of range; they were brought to the nearest that is \
                 possible.",
                track.name
            )
        });
    }
    for lane in &mut track.lanes {
        cut(&mut lane.name);
        for clip in &mut lane.clips {
            if mend_clip(clip) {
                notes.say(|| {
                    format!(
                        "A clip on track \"{}\" had values out of range; they were brought to \
                         the nearest that is possible.",
                        track.name
                    )
                });
            }
        }
    }
}

fn mend_mix(mix: &mut Mix) -> bool {
    let mut bent = clamp_db(&mut mix.fader_db, MAX_FADER_DB);
    bent |= clamp_f64(&mut mix.pan, -100.0, 100.0, 0.0);
    for send in mix.sends.values_mut() {
        bent |= clamp_db(&mut send.level_db, MAX_FADER_DB);
    }
    bent
}

fn mend_clip(clip: &mut Clip) -> bool {
    let mut bent = cut(&mut clip.name);
    bent |= clamp_pos(&mut clip.pos);
    bent |= clamp(&mut clip.offset, 0, limits::FRAMES);
    bent |= clamp(&mut clip.frames, 0, limits::FRAMES);
    bent |= clamp_db(&mut clip.gain_db, MAX_CLIP_GAIN_DB);
    bent |= clamp(&mut clip.fade_in.frames, 0, clip.frames);
    bent |= clamp(&mut clip.fade_out.frames, 0, clip.frames);
    bent |= clamp(&mut clip.loop_frames, 0, limits::FRAMES);
    bent |= clamp(&mut clip.loop_phase, 0, limits::FRAMES);
    if clip.channel.is_some_and(|c| c >= 16) {
        clip.channel = None;
        bent = true;
    }
    if let Some(beats) = &mut clip.beats {
        bent |= clamp_f64(beats, -1e9, 1e9, 0.0);
    }
    for point in &mut clip.envelope {
        bent |= clamp(&mut point.frame, 0, limits::FRAMES);
        bent |= clamp_db(&mut point.gain_db, MAX_CLIP_GAIN_DB);
    }
    if !clip.envelope.is_sorted_by(|a, b| a.frame < b.frame) {
        clip.envelope.sort_by_key(|p| p.frame);
        clip.envelope.dedup_by_key(|p| p.frame);
        bent = true;
    }
    bent
}

fn buses(session: &mut Session, notes: &mut Notes) {
    let before = session.buses.len();
    session.buses.retain(|b| usize::from(b.index) < BUSES);
    session.buses.sort_by_key(|b| b.index);
    session.buses.dedup_by_key(|b| b.index);
    if session.buses.len() != before {
        notes.say(|| "Buses that do not exist, or were there twice, were left out.".into());
    }
    for bus in &mut session.buses {
        if mend_mix(&mut bus.mix) | cut(&mut bus.name) {
            notes.say(|| format!("Bus {} had values out of range.", bus.index + 1));
        }
    }
}

fn mend_source(source: &mut Source, notes: &mut Notes) {
    let mut bent = clamp(&mut source.rate, 1_000, 1_536_000);
    bent |= clamp(&mut source.channels, 1, 16);
    bent |= clamp(&mut source.frames, 0, limits::FRAMES);
    if bent {
        notes.say(|| {
            format!(
                "The entry for the audio file \"{}\" had values out of range.",
                shown(&source.file)
            )
        });
    }
    if !source.stays_in_folder() {
        notes.say(|| {
            format!(
                "The audio file \"{}\" lies outside the media folder and is not read; its clips \
                 are kept and silent. Copy it into the media folder and relink it.",
                shown(&source.file)
            )
        });
    }
}

fn mend_take(take: &mut Take, notes: &mut Notes) {
    let mut bent = cut(&mut take.input) | cut(&mut take.name);
    bent |= clamp(&mut take.rating, 0, 5);
    bent |= clamp_pos(&mut take.pos);
    bent |= clamp(&mut take.frames, 0, limits::FRAMES);
    bent |= clamp(&mut take.lead_in_frames, 0, take.frames);
    bent |= clamp(&mut take.tail_frames, 0, take.frames - take.lead_in_frames);
    if let Some(peak) = &mut take.peak_db {
        bent |= clamp_db(peak, 1_000.0);
    }
    if let Some(level) = &mut take.level {
        for db in [&mut level.true_peak_db, &mut level.rms_db, &mut level.lufs, &mut level.noise_db]
        {
            bent |= clamp_db(db, 1_000.0);
        }
    }
    if take.tempo.is_some_and(|t| !(t > 0.0 && t <= 10_000.0)) {
        take.tempo = None;
        bent = true;
    }
    if bent {
        notes.say(|| format!("The entry of take {} had values out of range.", take.id));
    }
}

fn marks(session: &mut Session, notes: &mut Notes) {
    let mut bent = false;
    for marker in &mut session.markers {
        bent |= cut(&mut marker.name) | clamp_pos(&mut marker.pos);
    }
    for region in &mut session.regions {
        bent |= cut(&mut region.name);
        bent |= clamp_pos(&mut region.from) | clamp_pos(&mut region.to);
        if region.to < region.from {
            std::mem::swap(&mut region.from, &mut region.to);
            bent = true;
        }
    }
    if bent {
        notes.say(|| "Some markers or regions had values out of range.".into());
    }
}

fn settings(session: &mut Session, notes: &mut Notes) {
    let settings = &mut session.settings;
    let mut bent = clamp_f64(&mut settings.read_ahead_secs, 0.5, 10.0, 4.0);
    bent |= clamp_f64(&mut settings.fade_ms, 0.0, 1_000.0, 5.0);
    bent |= settings.spool_minutes > 60;
    settings.spool_minutes = settings.spool_minutes.min(60);
    if let Some(punch) = &mut settings.punch {
        bent |= clamp_pos(&mut punch.from) | clamp_pos(&mut punch.to);
        if punch.from >= punch.to {
            settings.punch = None;
            bent = true;
        }
    }
    let before = settings.inputs.len();
    settings.inputs.retain(|i| usize::from(i.port) < INPUTS);
    settings.inputs.sort_by_key(|i| i.port);
    settings.inputs.dedup_by_key(|i| i.port);
    bent |= settings.inputs.len() != before;
    for input in &mut settings.inputs {
        bent |= clamp(&mut input.record_offset_frames, -4_000_000, 4_000_000);
        bent |= cut(&mut input.label);
    }
    let macros = &mut session.globals.macros;
    bent |= macros.len() > MACROS;
    macros.truncate(MACROS);
    for value in macros.iter_mut() {
        let within = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        bent |= within.to_bits() != value.to_bits();
        *value = within;
    }
    while macros.last() == Some(&0.0) {
        macros.pop();
    }
    if bent {
        notes.say(|| "Some of the session's settings were out of range.".into());
    }
}

/// References to what is not there are kept: the file may come back, a later version may know.
fn dangling(session: &Session, notes: &mut Notes) {
    let sources: HashSet<_> = session.sources.iter().map(|s| s.id).collect();
    let tracks: HashSet<_> = session.tracks.iter().map(|t| t.id).collect();
    for (track, clip) in session.clips() {
        if !sources.contains(&clip.source) {
            notes.say(|| {
                format!(
                    "A clip on track \"{}\" refers to an audio file that the session does not \
                     name; it is kept and silent.",
                    track.name
                )
            });
        }
    }
    for take in session.takes.iter().filter(|t| !sources.contains(&t.source)) {
        notes.say(|| {
            format!("Take {} refers to an audio file that the session does not name.", take.id)
        });
    }
    for track in &session.tracks {
        if let Input::Track(id) = &track.input
            && !tracks.contains(id)
        {
            notes.say(|| format!("Track \"{}\" records from a track that is gone.", track.name));
        }
    }
}

fn clamp<T: Ord + Copy>(value: &mut T, min: T, max: T) -> bool {
    let within = (*value).clamp(min, max);
    std::mem::replace(value, within) != within
}

fn clamp_f64(value: &mut f64, min: f64, max: f64, otherwise: f64) -> bool {
    let within = if value.is_nan() { otherwise } else { value.clamp(min, max) };
    std::mem::replace(value, within).to_bits() != within.to_bits()
}

fn clamp_db(value: &mut Db, max: f64) -> bool {
    let within = value.at_most(max);
    std::mem::replace(value, within) != within
}

fn clamp_pos(value: &mut Ticks) -> bool {
    clamp(value, Ticks(-limits::POS_TICKS), Ticks(limits::POS_TICKS))
}

/// Cuts a name to its limit.
fn cut(text: &mut String) -> bool {
    let end = values::floor_char(text, limits::NAME_BYTES);
    let long = end < text.len();
    text.truncate(end);
    long
}

/// A text from a document inside a sentence: short.
fn shown(text: &str) -> &str {
    &text[..values::floor_char(text, 200)]
}
