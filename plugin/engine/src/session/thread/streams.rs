//! Streams of the sources in use, and the plan that plays them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::hosted::Hosted;
use crate::disk::pool::ReadSettings;
use crate::disk::stream::{Stream, StreamSpec};
use crate::session::document::{Source, SourceId};

/// What makes a stream: another path, rate or length is another stream.
type Key = (PathBuf, u32, u32, u64);

/// The streams that the last plans used, so that an edit does not read everything again.
#[derive(Default)]
pub(super) struct Streams {
    open: HashMap<SourceId, (Key, Arc<Stream>)>,
}

impl Streams {
    fn of(&mut self, source: &Source, root: &std::path::Path, rate: u32) -> Option<Arc<Stream>> {
        let key = (root.join(&source.file), source.rate, rate, source.frames);
        if let Some((have, stream)) = self.open.get(&source.id)
            && *have == key
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
            streams.of(source, root.as_deref().filter(|_| playable)?, rate)
        });
        streams.open.retain(|id, _| by_id.contains_key(id));
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
