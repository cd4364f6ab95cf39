//! What has to be read to be edited: how loud takes and clips are, and where a clip is silent. One
//! thread at a time reads for an instance, in the background; what it finds comes back here and
//! becomes an edit. A disk that hangs hangs that thread and nothing else.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::hosted::Hosted;
use crate::disk::direct::DirectReader;
use crate::disk::storage;
use crate::disk::stream::{Stream, StreamSpec};
use crate::media::level::{Level, LevelMeter, Silence, SoundFinder};
use crate::session::command::{ClipValue, Command};
use crate::session::document::clip::MAX_CLIP_GAIN_DB;
use crate::session::document::{Clip, ClipId, Db, Source, TakeLevel};
use crate::session::snapshot::SilencePreview;

/// Frames that are read at a time.
const BLOCK: usize = 65_536;
/// How long a reader that is under way is waited for when the instance goes.
const JOIN_WITHIN: Duration = Duration::from_millis(300);

/// What clips are brought to, by their gain alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loudness {
    /// The highest sample, dBFS.
    Peak(f64),
    /// RMS of the clip, dBFS.
    Rms(f64),
    /// Integrated loudness, LUFS.
    Lufs(f64),
    /// As loud as the first of the clips is now.
    Match,
}

/// What is read for.
enum Want {
    Take(Uuid),
    Clip(ClipId),
    Parts(ClipId, Silence),
    /// The same, to be looked at first.
    Preview(ClipId, Silence),
}

struct Task {
    want: Want,
    folder: PathBuf,
    source: Source,
    /// Frames of the file.
    part: (i64, i64),
    channel: Option<u8>,
}

/// What was read, or a sentence.
enum Found {
    Level(Level),
    /// From the first frame that was read on.
    Parts(Vec<(u64, u64)>),
}

/// Clips that are brought to a loudness together.
struct Batch {
    goal: Loudness,
    clips: Vec<ClipId>,
    found: Vec<(ClipId, Level)>,
}

type UnderWay = (Want, Receiver<Result<Found, String>>, JoinHandle<()>);

/// See the module.
#[derive(Default)]
pub(super) struct Measuring {
    queue: VecDeque<Task>,
    under_way: Option<UnderWay>,
    stop: Arc<AtomicBool>,
    batch: Option<Batch>,
    /// Takes that could not be read: not again.
    given_up: Vec<Uuid>,
    preview: Option<Arc<SilencePreview>>,
}

impl Measuring {
    /// What would be left of a clip.
    pub(super) fn preview(&self) -> Option<Arc<SilencePreview>> {
        self.preview.clone()
    }

    /// What is not read yet, for the window.
    pub(super) fn left(&self) -> usize {
        self.queue.len() + usize::from(self.under_way.is_some())
    }
}

impl Drop for Measuring {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let Some((_, _, thread)) = self.under_way.take() else { return };
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

impl Hosted {
    /// Takes whose level is not known are measured, one after the other.
    pub(super) fn measure_takes(&mut self) {
        let Some(folder) = self.media.root(&self.session) else { return };
        let waiting: Vec<Uuid> = self
            .measuring
            .queue
            .iter()
            .filter_map(|t| if let Want::Take(id) = t.want { Some(id) } else { None })
            .collect();
        let known = |id: &Uuid| waiting.contains(id) || self.measuring.given_up.contains(id);
        let takes = self.session.takes.iter();
        let unknown = takes.filter(|t| t.level.is_none() && t.frames > 0 && !known(&t.id));
        let mut tasks = Vec::new();
        for take in unknown {
            let Some(source) = self.session.source(take.source).filter(|s| !s.growing) else {
                continue;
            };
            tasks.push(Task {
                want: Want::Take(take.id),
                folder: folder.clone(),
                part: (0, i64::try_from(source.frames).unwrap_or(i64::MAX)),
                source: source.clone(),
                channel: None,
            });
        }
        self.measuring.queue.extend(tasks);
    }

    /// Clips are brought to a loudness by their gain.
    pub(super) fn normalise(&mut self, clips: &[ClipId], goal: Loudness) -> Result<(), String> {
        if self.measuring.batch.is_some() {
            return Err("Clips are being measured already. Wait until that is done.".into());
        }
        let mut tasks = Vec::new();
        for clip in clips {
            tasks.push(self.task_of(*clip, Want::Clip(*clip))?);
        }
        if tasks.is_empty() {
            return Err("There is no clip to bring to a loudness. Choose some first.".into());
        }
        // Before takes that wait: somebody looks on.
        tasks.into_iter().rev().for_each(|task| self.measuring.queue.push_front(task));
        self.measuring.batch = Some(Batch { goal, clips: clips.to_vec(), found: Vec::new() });
        Ok(())
    }

    /// What is silent of a clip goes.
    pub(super) fn strip_silence(&mut self, clip: ClipId, silence: Silence) -> Result<(), String> {
        let task = self.task_of(clip, Want::Parts(clip, silence))?;
        self.measuring.queue.push_front(task);
        Ok(())
    }

    /// What would be left of a clip is shown; nothing is cut.
    pub(super) fn preview_silence(&mut self, clip: ClipId, silence: Silence) -> Result<(), String> {
        let task = self.task_of(clip, Want::Preview(clip, silence))?;
        // Only the last one is waited for.
        self.measuring.queue.retain(|task| !matches!(task.want, Want::Preview(..)));
        self.measuring.queue.push_front(task);
        Ok(())
    }

    fn show_preview(&mut self, clip: ClipId, silence: Silence, parts: &[(u64, u64)]) {
        let Some((_, found)) = self.session.clips().find(|(_, c)| c.id == clip) else { return };
        let parts = in_clip_order(found, parts);
        self.measuring.preview = Some(Arc::new(SilencePreview { clip, silence, parts }));
        self.show_away();
    }

    fn task_of(&self, id: ClipId, want: Want) -> Result<Task, String> {
        let gone = "That clip is not there any more. Choose another one.";
        let (_, clip) = self.session.clips().find(|(_, c)| c.id == id).ok_or(gone)?;
        let source = self.session.source(clip.source).filter(|s| !s.growing).ok_or(
            "The file of this clip is not known, or is still being recorded. Stop recording first.",
        )?;
        if matches!(want, Want::Parts(..) | Want::Preview(..)) && clip.loop_frames > 0 {
            return Err(
                "A clip that repeats itself has no silence to strip. Switch its loop off, \
                        or flatten the track, first."
                    .into(),
            );
        }
        let folder = self.media.root(&self.session).ok_or("There is no media folder yet.")?;
        let from = i64::try_from(clip.offset).unwrap_or(i64::MAX);
        let shown = i64::try_from(clip.shown_frames()).unwrap_or(i64::MAX);
        Ok(Task {
            want,
            folder,
            source: source.clone(),
            part: (from, from.saturating_add(shown)),
            channel: clip.channel,
        })
    }

    /// Hears what was found, and reads on.
    pub(super) fn tick_measuring(&mut self) {
        if let Some((_, found, _)) = &self.measuring.under_way {
            let found = match found.try_recv() {
                Ok(found) => found,
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => Err("The file could not be measured.".into()),
            };
            if let Some((want, _, thread)) = self.measuring.under_way.take() {
                let _ = thread.join();
                self.found(want, found);
            }
        }
        // While something is recorded, the disk is for that.
        if !self.passes.is_empty() {
            return;
        }
        let Some(task) = self.measuring.queue.pop_front() else { return };
        let (tell, found) = channel();
        let stop = Arc::clone(&self.measuring.stop);
        let Task { want, folder, source, part, channel: only } = task;
        let silence = match &want {
            Want::Parts(_, silence) | Want::Preview(_, silence) => Some(*silence),
            Want::Take(_) | Want::Clip(_) => None,
        };
        let read = move || {
            let _ = tell.send(read(&folder, &source, part, only, silence.as_ref(), &stop));
        };
        match std::thread::Builder::new().name("stowaway level".into()).spawn(read) {
            Ok(thread) => self.measuring.under_way = Some((want, found, thread)),
            Err(e) => self.say(format!("Nothing could be measured: {e}.")),
        }
    }

    fn found(&mut self, want: Want, found: Result<Found, String>) {
        match (want, found) {
            (Want::Take(id), Ok(Found::Level(level))) => {
                if let Some(take) = self.session.take_mut(id) {
                    take.level = Some(TakeLevel {
                        true_peak_db: Db(level.true_peak_db),
                        rms_db: Db(level.rms_db),
                        lufs: Db(level.lufs),
                        noise_db: Db(level.noise_db),
                    });
                    self.touched(false);
                }
            }
            (Want::Take(id), _) => self.measuring.given_up.push(id),
            (Want::Clip(id), Ok(Found::Level(level))) => self.level_of(id, level),
            (Want::Parts(clip, silence), Ok(Found::Parts(parts))) => {
                self.cut_silence(clip, &silence, &parts);
            }
            (Want::Preview(clip, silence), Ok(Found::Parts(parts))) => {
                self.show_preview(clip, silence, &parts);
            }
            // Stripping will say so.
            (Want::Preview(..), _) => {}
            (Want::Clip(_), Err(why)) => {
                self.measuring.batch = None;
                self.measuring.queue.retain(|t| !matches!(t.want, Want::Clip(_)));
                self.say(format!("{why} No gain was changed."));
            }
            (_, Err(why)) => self.say(why),
            (Want::Clip(_) | Want::Parts(..), Ok(_)) => {}
        }
    }

    fn level_of(&mut self, clip: ClipId, level: Level) {
        let Some(batch) = &mut self.measuring.batch else { return };
        batch.found.push((clip, level));
        if batch.found.len() < batch.clips.len() {
            return;
        }
        let Some(Batch { goal, found, .. }) = self.measuring.batch.take() else { return };
        let gain_now = |id: ClipId| {
            let clip = self.session.clips().find(|(_, c)| c.id == id);
            clip.map_or(0.0, |(_, c)| c.gain_db.0)
        };
        let goal = match (goal, found.first()) {
            (Loudness::Match, Some((first, level))) => {
                Loudness::Lufs(level.lufs + gain_now(*first))
            }
            (goal, _) => goal,
        };
        let (mut all, mut short, mut brief) = (Vec::new(), 0, 0);
        for (clip, level) in found {
            let gain = match goal {
                Loudness::Peak(db) => db - level.peak_db,
                Loudness::Rms(db) => db - level.rms_db,
                Loudness::Lufs(lufs) => lufs - level.lufs,
                Loudness::Match => 0.0,
            };
            let loud = level.peak_db.is_finite();
            brief += usize::from(loud && !gain.is_finite());
            // Silence stays as it is: no gain makes it louder.
            if !gain.is_finite() {
                continue;
            }
            short += usize::from(gain > MAX_CLIP_GAIN_DB);
            // No finer than it is shown, so that it can be typed again.
            let gain = (gain.min(MAX_CLIP_GAIN_DB) * 100.0).round() / 100.0;
            all.push(Command::SetClip { clip, value: ClipValue::GainDb(Db(gain)) });
        }
        if brief > 0 {
            self.say(format!(
                "{brief} of the clips are too short or too quiet to have a loudness (0.4 s at least): \
                 they stay as they are. Use peak or RMS for them."
            ));
        }
        if all.is_empty() && brief > 0 {
            return;
        }
        if all.is_empty() {
            self.say("These clips are silent: no gain was changed.");
        } else if let Err(why) = self.edit(Command::All(all), None) {
            self.say(why);
        }
        if short > 0 {
            self.say(format!(
                "{short} of the clips would need more than +24 dB, the most there is: they have that."
            ));
        }
    }

    fn cut_silence(&mut self, id: ClipId, silence: &Silence, parts: &[(u64, u64)]) {
        let Some((_, clip)) = self.session.clips().find(|(_, c)| c.id == id) else { return };
        let parts = in_clip_order(clip, parts);
        let rate = self.session.source(clip.source).map_or(48_000, |s| s.rate);
        if parts.is_empty() {
            return self.say("All of the clip is below the threshold: nothing was cut. Lower it.");
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "milliseconds of a rate"
        )]
        let fade_frames = (silence.fade_ms.clamp(0.0, 1e6) / 1_000.0 * f64::from(rate)) as u64;
        let command = Command::KeepParts { clip: id, parts, fade_frames };
        if let Err(why) = self.edit(command, None) {
            self.say(why);
        }
    }
}

/// Parts of a file's stretch as frames of the clip that shows it.
fn in_clip_order(clip: &Clip, parts: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let frames = clip.frames;
    if clip.reverse {
        let turned = parts.iter().rev().map(|(a, b)| (frames - b.min(&frames), frames - a));
        return turned.collect();
    }
    parts.to_vec()
}

/// Reads a part of a file from end to end.
fn read(
    folder: &Path,
    source: &Source,
    (from, to): (i64, i64),
    only: Option<u8>,
    silence: Option<&Silence>,
    stop: &AtomicBool,
) -> Result<Found, String> {
    let spec = StreamSpec {
        path: PathBuf::from(&source.file),
        file_rate: source.rate,
        file_frames: source.frames,
        file_channels: u16::from(source.channels),
        expect_size: None,
    };
    let stream = Stream::in_folder(folder, &spec, source.rate).map_err(|e| e.to_string())?;
    let mut reader = DirectReader::new(storage::shared());
    let channels: Vec<usize> = match only.map(usize::from) {
        Some(channel) if channel < stream.channels() => vec![channel],
        _ => (0..stream.channels()).collect(),
    };
    let wide = u16::try_from(channels.len()).unwrap_or(1);
    let mut meter = LevelMeter::new(wide, source.rate);
    let mut finder = silence.map(|s| SoundFinder::new(s, source.rate));
    let mut at = from;
    while at < to {
        if stop.load(Ordering::Relaxed) {
            return Err("It was not measured: the instance was closed.".into());
        }
        let want = usize::try_from(to - at).unwrap_or(usize::MAX).min(BLOCK);
        let got = reader.fetch(&stream, at, want).map_err(|e| e.to_string())?;
        if got == 0 {
            break;
        }
        let planes: Vec<&[f32]> = channels.iter().map(|c| reader.channel(*c)).collect();
        match &mut finder {
            Some(finder) => finder.hear(&planes),
            None => meter.hear(&planes),
        }
        at += i64::try_from(got).unwrap_or(i64::MAX);
    }
    Ok(match finder {
        Some(finder) => Found::Parts(finder.finish()),
        None => Found::Level(meter.finish()),
    })
}
