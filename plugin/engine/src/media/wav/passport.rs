//! The passport of a take: where and when it was recorded, written into the file itself (bext for
//! every program, an iXML element of our own for us), so that a lost file finds its place again.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::SampleFormat;
use crate::time::Ticks;

/// What a take says about itself. Texts are cut to what fits into the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Passport {
    /// The take's own id.
    pub take: Uuid,
    /// The session it was recorded in.
    pub session: Uuid,
    /// Id of the track in that session.
    pub track: u64,
    /// Name of the track at that time.
    pub track_name: String,
    /// Number of the pass.
    pub pass: u32,
    /// Timeline position of the first frame; may be negative.
    pub pos: Ticks,
    /// How much of its beginning is lead-in, recorded before the wrap that began the pass.
    pub lead_in_frames: u64,
    /// Length of the pass itself, behind the lead-in, where a tail follows it.
    pub clip_frames: Option<u64>,
    /// Beats per minute at the first frame, where the host gave a tempo.
    pub tempo: Option<f64>,
    /// What was recorded, as the user saw it (`In 3 L`).
    pub input: String,
    /// The host's name.
    pub host: String,
    /// When the recording began; [`UNIX_EPOCH`] where nobody knows: the file has no date then.
    pub created: SystemTime,
}

const NAME_BYTES: usize = 256;
const LABEL_BYTES: usize = 96;

/// Fixed part of a bext chunk, version 2 (EBU Tech 3285).
pub(super) const BEXT_BYTES: usize = 602;

impl Passport {
    /// The bext chunk's payload. Its time reference is unsigned: a negative position is 0 there,
    /// and told truly in iXML.
    pub(super) fn bext(&self, rate: u32, channels: u16, format: SampleFormat) -> Vec<u8> {
        let mut out = vec![0; BEXT_BYTES];
        put_ascii(&mut out[0..256], &format!("{}, pass {}", self.track_name, self.pass));
        put_ascii(&mut out[256..288], &format!("{}: {}", self.host, self.track_name));
        put_ascii(&mut out[288..320], &self.take.simple().to_string());
        if self.created != UNIX_EPOCH {
            let (date, time) = date_and_time(self.created);
            put_ascii(&mut out[320..330], &date);
            put_ascii(&mut out[330..338], &time);
        }
        let reference = u64::try_from(self.pos.to_frames(rate)).unwrap_or(0);
        out[338..346].copy_from_slice(&reference.to_le_bytes());
        out[346..348].copy_from_slice(&2u16.to_le_bytes());
        // Loudness values that nobody measured (EBU Tech 3285 v2).
        for value in out[412..422].chunks_exact_mut(2) {
            value.copy_from_slice(&0x7fffu16.to_le_bytes());
        }
        let mode = match channels {
            1 => "mono".to_owned(),
            2 => "stereo".to_owned(),
            n => format!("{n} channels"),
        };
        let bits = format.bytes() * 8;
        let kind = if format.is_float() { ";float" } else { "" };
        let history = format!("A=PCM,F={rate},W={bits},M={mode},T=Stowaway{kind}\r\n");
        out.extend_from_slice(history.as_bytes());
        out.resize(out.len().next_multiple_of(2), 0);
        out
    }

    /// The iXML chunk's payload.
    pub(super) fn ixml(&self, rate: u32, channels: u16, format: SampleFormat) -> Vec<u8> {
        let name = escaped(&self.track_name, NAME_BYTES);
        let reference = u64::try_from(self.pos.to_frames(rate)).unwrap_or(0);
        let mut x = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BWFXML>\n");
        element(&mut x, "IXML_VERSION", "2.10");
        element(&mut x, "TAKE", self.pass);
        element(&mut x, "FILE_UID", self.take.simple());
        x.push_str("<SPEED>");
        element(&mut x, "FILE_SAMPLE_RATE", rate);
        element(&mut x, "AUDIO_BIT_DEPTH", format.bytes() * 8);
        element(&mut x, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", reference >> 32);
        element(&mut x, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", reference & 0xffff_ffff);
        element(&mut x, "TIMESTAMP_SAMPLE_RATE", rate);
        x.push_str("</SPEED>\n<TRACK_LIST>");
        element(&mut x, "TRACK_COUNT", channels);
        for channel in 1..=channels.min(16) {
            x.push_str("<TRACK>");
            element(&mut x, "CHANNEL_INDEX", channel);
            element(&mut x, "INTERLEAVE_INDEX", channel);
            match (channels, channel) {
                (1, _) => element(&mut x, "NAME", &name),
                (2, 1) => element(&mut x, "NAME", format_args!("{name} L")),
                (2, _) => element(&mut x, "NAME", format_args!("{name} R")),
                _ => {}
            }
            x.push_str("</TRACK>");
        }
        x.push_str("</TRACK_LIST>\n<STOWAWAY>");
        element(&mut x, "VERSION", 1);
        element(&mut x, "TAKE_ID", self.take);
        element(&mut x, "SESSION_ID", self.session);
        element(&mut x, "TRACK_ID", self.track);
        element(&mut x, "TRACK_NAME", &name);
        element(&mut x, "PASS", self.pass);
        element(&mut x, "POS_TICKS", self.pos.0);
        if self.lead_in_frames > 0 {
            element(&mut x, "LEAD_IN_FRAMES", self.lead_in_frames);
        }
        if let Some(frames) = self.clip_frames {
            element(&mut x, "CLIP_FRAMES", frames);
        }
        if let Some(tempo) = self.tempo.filter(|t| t.is_finite()) {
            element(&mut x, "TEMPO", tempo);
        }
        element(&mut x, "INPUT", escaped(&self.input, LABEL_BYTES));
        element(&mut x, "HOST", escaped(&self.host, LABEL_BYTES));
        let since = self.created.duration_since(UNIX_EPOCH).unwrap_or_default();
        element(&mut x, "CREATED", since.as_secs());
        x.push_str("</STOWAWAY>\n</BWFXML>\n");
        let mut bytes = x.into_bytes();
        // XML may end in blanks, a chunk of odd length needs a byte after it.
        if !bytes.len().is_multiple_of(2) {
            bytes.push(b' ');
        }
        bytes
    }

    /// What an iXML text says in our own element; `None` where that is missing or not whole.
    pub(super) fn from_ixml(text: &str) -> Option<Self> {
        let own = find(text, "STOWAWAY")?;
        let created = find(own, "CREATED").and_then(|t| t.parse().ok()).unwrap_or(0);
        Some(Self {
            take: find(own, "TAKE_ID")?.parse().ok()?,
            session: find(own, "SESSION_ID")?.parse().ok()?,
            track: find(own, "TRACK_ID")?.parse().ok()?,
            track_name: unescaped(find(own, "TRACK_NAME")?),
            pass: find(own, "PASS")?.parse().ok()?,
            pos: Ticks(find(own, "POS_TICKS")?.parse().ok()?),
            lead_in_frames: find(own, "LEAD_IN_FRAMES").and_then(|t| t.parse().ok()).unwrap_or(0),
            clip_frames: find(own, "CLIP_FRAMES").and_then(|t| t.parse().ok()),
            tempo: find(own, "TEMPO").and_then(|t| t.parse().ok()).filter(|t: &f64| t.is_finite()),
            input: unescaped(find(own, "INPUT").unwrap_or_default()),
            host: unescaped(find(own, "HOST").unwrap_or_default()),
            created: UNIX_EPOCH.checked_add(Duration::from_secs(created)).unwrap_or(UNIX_EPOCH),
        })
    }
}

impl Passport {
    /// How much of the end of `frames` is tail.
    #[must_use]
    pub fn tail_frames(&self, frames: u64) -> u64 {
        let behind = frames.saturating_sub(self.lead_in_frames);
        self.clip_frames.map_or(0, |clip| behind.saturating_sub(clip))
    }
}

fn element(out: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "<{name}>{value}</{name}>");
}

/// The text between the first `<name>` and the `</name>` after it.
fn find<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner)
}

/// `text` for XML, without what XML cannot carry, and at most `cap_bytes` long.
fn escaped(text: &str, cap_bytes: usize) -> String {
    let mut out = String::new();
    let mut buf = [0; 4];
    for c in text.chars() {
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => " ",
            c => c.encode_utf8(&mut buf),
        };
        if out.len() + piece.len() > cap_bytes {
            break;
        }
        out.push_str(piece);
    }
    out
}

fn unescaped(text: &str) -> String {
    // `&amp;` last, so that an escaped ampersand is not taken for the start of another escape.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// bext knows ASCII only; the true name stands in iXML. Shorter texts end in zeros.
fn put_ascii(field: &mut [u8], text: &str) {
    let chars = text.chars().map(|c| match c {
        ' '..='~' => c as u8,
        _ => b'_',
    });
    for (byte, c) in field.iter_mut().zip(chars) {
        *byte = c;
    }
}

/// `yyyy-mm-dd` and `hh:mm:ss` of a moment, in UTC: the local zone cannot be known everywhere
/// without asking the system's C library.
fn date_and_time(moment: SystemTime) -> (String, String) {
    let secs = moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (year, month, day) = civil(secs / 86_400);
    let time = secs % 86_400;
    (
        format!("{year:04}-{month:02}-{day:02}"),
        format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60),
    )
}

/// Year, month and day, `days` after 1970-01-01 (Gregorian).
pub(crate) fn civil(mut days: u64) -> (u64, u64, u64) {
    // 400 years always have the same number of days.
    let mut year = 1970 + days / 146_097 * 400;
    days %= 146_097;
    let leap = |y: u64| (y.is_multiple_of(4) && !y.is_multiple_of(100)) || y.is_multiple_of(400);
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}
