//! The session's files as clips are cut from them. They are looked at before the first is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::disk::decoder::Decoder;
use crate::disk::direct::DirectReader;
use crate::disk::source::{Origin as _, SourceError};
use crate::disk::storage::File;
use crate::disk::stream::{Stream, StreamSpec};
use crate::exchange::Job;
use crate::media::folder::resolve_reference;
use crate::media::wav::{Wav, parse};
use crate::print::source_in_words;
use crate::rt::direct_feed::DirectFeed;
use crate::session::document::{Source, SourceId};

/// See the module.
pub(super) struct Audio {
    open: BTreeMap<SourceId, OpenFile>,
    /// Reads for the voices.
    pub(super) feed: DirectFeed,
    /// Sentences.
    pub(super) notes: Vec<String>,
    /// All files are there and whole.
    pub(super) complete: bool,
}

/// A file that can be used.
pub(super) struct OpenFile {
    /// At the file's own rate: nothing is resampled.
    pub(super) stream: Arc<Stream>,
    pub(super) wav: Wav,
    /// Those that are there.
    pub(super) frames: u64,
}

impl Audio {
    pub(super) fn open<'s>(job: &Job<'_>, sources: impl Iterator<Item = &'s Source>) -> Self {
        let reader = DirectReader::new(Arc::clone(job.storage));
        let mut audio = Self {
            open: BTreeMap::new(),
            feed: DirectFeed::new(reader, 48_000),
            notes: Vec::new(),
            complete: true,
        };
        let mut known = BTreeSet::new();
        for source in sources.filter(|s| known.insert(s.id)) {
            match look(job, source) {
                Ok((file, note)) => {
                    if file.frames < source.frames {
                        audio.complete = false;
                        audio.notes.push(format!(
                            "{} was cut short: {} of its {} frames are there, silence follows.",
                            source.file, file.frames, source.frames
                        ));
                    } else {
                        audio.notes.extend((!note.is_empty()).then_some(note));
                    }
                    audio.open.insert(source.id, file);
                }
                Err(what) => {
                    audio.complete = false;
                    audio.notes.push(format!("{} {what}: its clips are left out.", source.file));
                }
            }
        }
        audio
    }

    pub(super) fn file(&self, source: SourceId) -> Option<&OpenFile> {
        self.open.get(&source)
    }
}

/// Opens a file once. Else what is wrong, as the middle of a sentence.
fn look(job: &Job<'_>, source: &Source) -> Result<(OpenFile, String), String> {
    let outside = |_| "lies outside of the session's media folder".to_owned();
    let path = resolve_reference(&**job.storage, job.media_root, &source.file).map_err(outside)?;
    let spec = StreamSpec {
        path: path.clone(),
        file_rate: source.rate,
        file_frames: source.frames,
        file_channels: u16::from(source.channels),
        expect_size: (source.size_bytes > 0).then_some(source.size_bytes),
    };
    let stream = Stream::new(spec, source.rate).map_err(|e| format!("cannot be used ({e})"))?;
    let words = |error: SourceError| source_in_words(&error);
    let (decoder, _, note) = Decoder::open(&stream, &**job.storage).map_err(words)?;
    let frames = decoder.source_frames();
    let wav = job.storage.open_read(path.name()).map_err(|e| e.to_string());
    let wav = wav.and_then(|file| parse(&*file as &dyn File).map_err(|e| e.to_string()));
    let wav = wav.map_err(|reason| format!("cannot be read ({reason})"))?;
    Ok((OpenFile { stream, wav, frames }, note))
}
