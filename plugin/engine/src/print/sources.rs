//! The session's files as a print needs them: all there, all whole. They are looked at before the
//! first frame is rendered, so that a print of an hour does not fail at its end.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PrintError;
use super::render::Trouble;
use crate::disk::decoder::Decoder;
use crate::disk::source::SourceError;
use crate::disk::storage::Storage;
use crate::disk::stream::{Stream, StreamSpec, StreamStatus};
use crate::media::folder::resolve_reference;
use crate::plan::schedule::Schedule;
use crate::session::document::{Session, SourceId};

/// A file that a print cannot do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceProblem {
    /// The file.
    pub file: PathBuf,
    /// A track that it sounds on.
    pub track: String,
    /// What is wrong, as the middle of a sentence: `is not there`.
    pub what: String,
}

/// What is wrong with the first of them, and how many more there are.
pub(super) fn sentence(problems: &[SourceProblem]) -> String {
    let Some(first) = problems.first() else { return String::new() };
    let more = match problems.len() - 1 {
        0 => String::new(),
        1 => " One more file cannot be used either.".to_owned(),
        n => format!(" {n} more files cannot be used either."),
    };
    format!(
        "{} on track “{}” {}. Nothing was printed: put the file back or take its clips out.{more}",
        first.file.display(),
        first.track,
        first.what
    )
}

/// See the module.
pub(super) struct Sources<'s> {
    session: &'s Session,
    media_root: &'s Path,
    storage: Arc<dyn Storage>,
    rate: u32,
    /// The name of a track that uses the source.
    tracks: HashMap<SourceId, &'s str>,
    streams: BTreeMap<SourceId, Option<Arc<Stream>>>,
    problems: Vec<SourceProblem>,
}

impl<'s> Sources<'s> {
    pub(super) fn new(
        session: &'s Session,
        media_root: &'s Path,
        storage: &Arc<dyn Storage>,
        rate: u32,
    ) -> Self {
        let mut sources = Self {
            session,
            media_root,
            storage: Arc::clone(storage),
            rate,
            tracks: HashMap::new(),
            streams: BTreeMap::new(),
            problems: Vec::new(),
        };
        let known = session.source_map();
        for track in &session.tracks {
            let lanes = track.lanes.iter().filter(|lane| !lane.mute);
            for clip in lanes.flat_map(|lane| lane.clips.iter()).filter(|clip| !clip.mute) {
                let first = sources.tracks.insert(clip.source, &track.name).is_none();
                // These do not reach the plan: they would be missing without a word.
                let what = match known.get(&clip.source) {
                    None => "is not known to the session any more",
                    Some(s) if s.growing => "was still being recorded when the session was saved",
                    Some(_) => continue,
                };
                if first {
                    let file = known.get(&clip.source).map_or("A file", |s| s.file.as_str());
                    sources.problems.push(SourceProblem {
                        file: PathBuf::from(file),
                        track: track.name.clone(),
                        what: what.to_owned(),
                    });
                }
            }
        }
        sources
    }

    /// The stream of a source, for the compiler.
    pub(super) fn stream(&mut self, id: SourceId) -> Option<Arc<Stream>> {
        if let Some(known) = self.streams.get(&id) {
            return known.clone();
        }
        let stream = self.make(id);
        self.streams.insert(id, stream.clone());
        stream
    }

    fn make(&mut self, id: SourceId) -> Option<Arc<Stream>> {
        let source = self.session.source(id)?;
        let made = resolve_reference(&*self.storage, self.media_root, &source.file)
            .map_err(|_| "lies outside of the session's media folder".to_owned())
            .and_then(|path| {
                let spec = StreamSpec {
                    path,
                    file_rate: source.rate,
                    file_frames: source.frames,
                    file_channels: u16::from(source.channels),
                    expect_size: (source.size_bytes > 0).then_some(source.size_bytes),
                };
                Stream::new(spec, self.rate).map_err(|_| {
                    format!(
                        "cannot be played: the session says it has {} channels and {} frames at \
                         {} Hz",
                        source.channels, source.frames, source.rate
                    )
                })
            });
        made.map_err(|what| self.problem(PathBuf::from(&source.file), id, what)).ok()
    }

    fn problem(&mut self, file: PathBuf, id: SourceId, what: String) {
        let track = self.tracks.get(&id).copied().unwrap_or_default().to_owned();
        self.problems.push(SourceProblem { file, track, what });
    }

    /// Opens everything that will be heard. Returns sentences about files that are there and
    /// whole, but not quite those that the session knows.
    pub(super) fn check(&mut self, schedule: &Schedule) -> Result<Vec<String>, PrintError> {
        let mut notes = Vec::new();
        let heard: std::collections::HashSet<u64> = schedule
            .tracks
            .iter()
            .flat_map(|t| t.segments())
            .map(|segment| segment.stream.id())
            .collect();
        let streams: Vec<_> = self
            .streams
            .iter()
            .filter_map(|(id, stream)| stream.clone().map(|s| (*id, s)))
            .filter(|(_, stream)| heard.contains(&stream.id()))
            .collect();
        for (id, stream) in streams {
            let what = match Decoder::open(&stream, &*self.storage) {
                Ok((decoder, StreamStatus::Short, _)) => format!(
                    "was cut short: {} of its {} frames are there",
                    decoder.source_frames(),
                    stream.file_frames()
                ),
                Ok((_, _, note)) => {
                    notes.extend((!note.is_empty()).then_some(note));
                    continue;
                }
                Err(error) => in_words(&error),
            };
            self.problem(stream.name().to_owned(), id, what);
        }
        if self.problems.is_empty() {
            Ok(notes)
        } else {
            Err(PrintError::Sources(std::mem::take(&mut self.problems)))
        }
    }

    /// What went wrong while rendering, with the track that it was for.
    pub(super) fn blame(&mut self, trouble: Trouble) -> PrintError {
        match trouble {
            Trouble::Print(error) => error,
            Trouble::Read { stream, error } => {
                let found = self.streams.iter().find_map(|(id, s)| {
                    let s = s.as_ref().filter(|s| s.id() == stream)?;
                    Some((*id, s.name().to_owned()))
                });
                if let Some((id, file)) = found {
                    self.problem(file, id, in_words(&error));
                }
                PrintError::Sources(std::mem::take(&mut self.problems))
            }
        }
    }
}

/// What is wrong with a file, as the middle of a sentence: `is not there`.
pub(crate) fn in_words(error: &SourceError) -> String {
    match error {
        SourceError::Missing(_) => "is not there".to_owned(),
        SourceError::Unreadable { reason, .. } => format!("cannot be read ({reason})"),
        SourceError::Outside(_) => "lies outside of the session's media folder".to_owned(),
        SourceError::NotAudio { reason, .. } => format!("cannot be played: {reason}"),
        SourceError::Changed { found, known, .. } => {
            format!("is another file than the session knows: it has {found}, not {known}")
        }
    }
}
