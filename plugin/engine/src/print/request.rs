//! What is asked of a print.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::media::wav::SampleFormat;
use crate::session::document::Session;
use crate::time::Ticks;

pub use crate::rt::mixer::taps::Point;

/// What becomes a file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Each track that has clips.
    Tracks,
    /// Each group bus that something plays to, and each of the outputs 2 to 16 likewise.
    Buses,
    /// Output 1.
    Main,
}

/// What of the timeline becomes a file each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pieces {
    /// The whole range: all files line up.
    #[default]
    Whole,
    /// Each clip that sounds, alone: as if no other clip covered it, through its track's strip.
    /// [`PrintRequest::what`] does not count.
    Clips,
    /// Each region of the session.
    Regions,
}

/// From where to where.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// A stretch of the timeline.
    Between(Ticks, Ticks),
    /// In the user's words: `12.5-30` in seconds, `1:02.5-2:00`, the name of a region, or the names
    /// of two markers, `Verse-Chorus`.
    Said(String),
}

/// How many channels a file gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// Those that the signal has: two, and before the fader those of the track.
    #[default]
    AsItIs,
    /// One, the mean of all.
    Mono,
    /// A file for each channel: `name.L.wav` and `name.R.wav`.
    Split,
    /// One where left equals right bit for bit in every frame, else two.
    AutoMono,
}

/// Whether noise is added where bits are taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dither {
    /// As is usual: with 16 bits, not with 24.
    #[default]
    Usual,
    /// With 16 and with 24 bits.
    On,
    /// Samples are rounded to the nearest.
    Off,
}

impl Dither {
    /// Whether samples of `format` get any.
    #[must_use]
    pub fn applies(self, format: SampleFormat) -> bool {
        match (self, format) {
            (Self::Off, _) => false,
            (_, SampleFormat::I16) => true,
            (dither, SampleFormat::I24) => dither == Self::On,
            _ => false,
        }
    }
}

/// What to do about files that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Print nothing at all.
    #[default]
    Fail,
    /// Leave them and print the others.
    Skip,
    /// Replace them, once the new ones are whole.
    Replace,
}

/// What is to be printed of a session, and how.
#[derive(Clone, Debug)]
pub struct PrintRequest {
    /// Which strips, all in one pass.
    pub what: Vec<What>,
    /// What of the timeline.
    pub pieces: Pieces,
    /// `None`: from the first clip, or 0 where that is earlier, to the end of the last. Of clips and
    /// regions those that lie in it, or partly.
    pub range: Option<Range>,
    /// Seconds that are rendered beyond the end. In a loop they are added to its head.
    pub tail_secs: f64,
    /// Each file is one seamless loop: what sounds beyond its end is added to its head, and a
    /// `smpl` chunk says that it repeats.
    pub looped: bool,
    /// Where tracks and buses are listened to. Outputs have no point before their fader.
    pub point: Point,
    /// Channels of the files.
    pub width: Width,
    /// Hz; `None`: the rate that most of the session's audio has.
    pub rate: Option<u32>,
    /// 32-bit float, 24 or 16 bit.
    pub format: SampleFormat,
    /// For 16 and 24 bit.
    pub dither: Dither,
    /// What files are called, without `.wav`: a pattern, see `docs/print.md`. `None`: by their strip, clip or
    /// region.
    pub pattern: Option<String>,
    /// Loudness, true peak and hash of each file are measured, and written down in a manifest
    /// beside them.
    pub proof: bool,
    /// Where the files go. Made where it is missing.
    pub out_dir: PathBuf,
    /// What to do about files that are there already.
    pub if_exists: IfExists,
    /// Set from another thread, it ends the print within a block: nothing is left of it.
    pub cancel: Arc<AtomicBool>,
}

impl PrintRequest {
    /// All of the session's tracks in 32-bit float, with a proof.
    #[must_use]
    pub fn to(out_dir: PathBuf) -> Self {
        Self {
            what: vec![What::Tracks],
            pieces: Pieces::default(),
            range: None,
            tail_secs: 0.0,
            looped: false,
            point: Point::default(),
            width: Width::default(),
            rate: None,
            format: SampleFormat::F32,
            dither: Dither::default(),
            pattern: None,
            proof: true,
            out_dir,
            if_exists: IfExists::default(),
            cancel: Arc::default(),
        }
    }

    pub(super) fn dithers(&self) -> bool {
        self.dither.applies(self.format)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// A print of a session.
#[derive(Clone, Debug)]
pub struct PrintJob {
    /// The session. Arming and monitoring do not count in a print: what sounds are its clips.
    pub session: Session,
    /// The folder that its files are relative to.
    pub media_root: PathBuf,
    /// What of it, and how.
    pub request: PrintRequest,
}
