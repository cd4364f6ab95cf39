//! The header of a take: 4096 bytes, all of them there before the first frame, the audio after.
//!
//! ```text
//! 0     RIFF | RF64   size                                   WAVE
//! 12    JUNK | ds64   28 bytes, kept free until 64 bit sizes are needed
//! 48    fmt           (and fact, for floats)
//!       bext, iXML    the passport
//!       JUNK          as long as it takes
//! 4088  data          size
//! 4096  first frame
//! ```
//!
//! Only sizes change while a take grows, so an update is one write of one page: a kill leaves the
//! old header or the new one. The old one says less than the file holds, which repair sees from
//! the file's length.

use super::passport::Passport;
use super::{HEADER_BYTES, RF64_AT_BYTES, SampleFormat};

const JUNK_AT: usize = 12;
const FMT_AT: usize = 48;
const DATA_AT: usize = HEADER_BYTES - 8;
const DS64_BYTES: u32 = 28;

/// The header of one take, ready for any length.
#[derive(Clone)]
pub struct TakeHeader {
    page: [u8; HEADER_BYTES],
    frame_bytes: u64,
    fact_at: Option<usize>,
    rf64_at_bytes: u64,
}

impl TakeHeader {
    /// The header of a take of `channels` (1..=64) at `rate`.
    #[must_use]
    pub fn new(passport: &Passport, rate: u32, channels: u16, format: SampleFormat) -> Self {
        Self::with_chunks(passport, rate, channels, format, None)
    }

    fn with_chunks(
        passport: &Passport,
        rate: u32,
        channels: u16,
        format: SampleFormat,
        smpl: Option<&[u8]>,
    ) -> Self {
        let channels = channels.clamp(1, 64);
        let mut page = Page { bytes: [0; HEADER_BYTES], end: 0 };
        page.put(b"RIFF\0\0\0\0WAVE");
        page.chunk(*b"JUNK", &[0; 28]);
        page.chunk(*b"fmt ", &fmt(rate, channels, format));
        let fact_at = format.is_float().then_some(page.end);
        if fact_at.is_some() {
            page.chunk(*b"fact", &[0; 4]);
        }
        if let Some(smpl) = smpl {
            page.chunk(*b"smpl", smpl);
        }
        page.chunk(*b"bext", &passport.bext(rate, channels, format));
        page.chunk(*b"iXML", &passport.ixml(rate, channels, format));
        let rest = DATA_AT.saturating_sub(page.end + 8);
        page.chunk(*b"JUNK", &[0; HEADER_BYTES][..rest]);
        debug_assert_eq!(page.end, DATA_AT, "the passport's texts are cut so that all fits");
        page.put(b"data\0\0\0\0");
        Self {
            page: page.bytes,
            frame_bytes: format.frame_bytes(channels) as u64,
            fact_at,
            rf64_at_bytes: RF64_AT_BYTES,
        }
    }

    /// The header of a file of `frames` that is one seamless loop: as [`TakeHeader::new`], with a
    /// `smpl` chunk that says so.
    #[must_use]
    pub fn of_loop(
        passport: &Passport,
        rate: u32,
        channels: u16,
        format: SampleFormat,
        frames: u64,
    ) -> Self {
        Self::with_chunks(passport, rate, channels, format, Some(&smpl(rate, frames)))
    }

    /// The same header, becoming RF64 from this file size on. More than 4 GiB is taken as 4 GiB.
    #[must_use]
    pub fn with_rf64_at(mut self, bytes: u64) -> Self {
        self.rf64_at_bytes = bytes.min(RF64_AT_BYTES);
        self
    }

    /// A header read from a file, if it is laid out as ours are.
    #[must_use]
    pub fn from_page(page: &[u8; HEADER_BYTES]) -> Option<Self> {
        let known = matches!(&page[0..4], b"RIFF" | b"RF64")
            && &page[8..12] == b"WAVE"
            && matches!(&page[JUNK_AT..JUNK_AT + 4], b"JUNK" | b"ds64")
            && get_u32(page, JUNK_AT + 4) == DS64_BYTES
            && &page[FMT_AT..FMT_AT + 4] == b"fmt "
            && &page[DATA_AT..DATA_AT + 4] == b"data";
        if !known {
            return None;
        }
        let mut fact_at = None;
        let mut at = JUNK_AT;
        while at != DATA_AT {
            let size = usize::try_from(get_u32(page, at + 4)).ok()?;
            if &page[at..at + 4] == b"fact" && size == 4 {
                fact_at = Some(at);
            }
            at = at.checked_add(8)?.checked_add(size.checked_next_multiple_of(2)?)?;
            if at > DATA_AT {
                return None;
            }
        }
        let frame_bytes = u64::from(u16::from_le_bytes([page[FMT_AT + 20], page[FMT_AT + 21]]));
        let rf64_at_bytes = RF64_AT_BYTES;
        (frame_bytes > 0).then_some(Self { page: *page, frame_bytes, fact_at, rf64_at_bytes })
    }

    /// Bytes of `frames` of audio.
    #[must_use]
    pub fn data_bytes(&self, frames: u64) -> u64 {
        frames.saturating_mul(self.frame_bytes)
    }

    /// Bytes of a whole file of `frames`, with the byte that fills up an odd length.
    #[must_use]
    pub fn file_bytes(&self, frames: u64) -> u64 {
        let data = self.data_bytes(frames);
        (HEADER_BYTES as u64).saturating_add(data).saturating_add(data & 1)
    }

    /// Whole frames of a file of `file_bytes`.
    #[must_use]
    pub fn frames_in(&self, file_bytes: u64) -> u64 {
        file_bytes.saturating_sub(HEADER_BYTES as u64) / self.frame_bytes
    }

    /// Whether a file of `frames` is RF64.
    #[must_use]
    pub fn is_rf64(&self, frames: u64) -> bool {
        self.file_bytes(frames) >= self.rf64_at_bytes
    }

    /// The header's bytes for a file of `frames`.
    #[must_use]
    pub fn encode(&self, frames: u64) -> [u8; HEADER_BYTES] {
        let mut page = self.page;
        let data_bytes = self.data_bytes(frames);
        let riff_bytes = self.file_bytes(frames) - 8;
        // RF64 as in EBU Tech 3306: the 32 bit sizes say -1, ds64 has them.
        if self.is_rf64(frames) {
            page[0..4].copy_from_slice(b"RF64");
            put_u32(&mut page, 4, u32::MAX);
            page[JUNK_AT..JUNK_AT + 4].copy_from_slice(b"ds64");
            put_u64(&mut page, JUNK_AT + 8, riff_bytes);
            put_u64(&mut page, JUNK_AT + 16, data_bytes);
            put_u64(&mut page, JUNK_AT + 24, frames);
            put_u32(&mut page, JUNK_AT + 32, 0);
            put_u32(&mut page, DATA_AT + 4, u32::MAX);
        } else {
            page[0..4].copy_from_slice(b"RIFF");
            put_u32(&mut page, 4, short(riff_bytes));
            page[JUNK_AT..JUNK_AT + 4].copy_from_slice(b"JUNK");
            page[JUNK_AT + 8..FMT_AT].fill(0);
            put_u32(&mut page, DATA_AT + 4, short(data_bytes));
        }
        if let Some(at) = self.fact_at {
            put_u32(&mut page, at + 8, short(frames));
        }
        page
    }
}

/// The header `page` of a take, brought to `frames`; `None` where it is none of ours.
#[must_use]
pub fn patch_header(
    page: &[u8; HEADER_BYTES],
    frames: u64,
    rf64_at_bytes: u64,
) -> Option<[u8; HEADER_BYTES]> {
    TakeHeader::from_page(page).map(|h| h.with_rf64_at(rf64_at_bytes).encode(frames))
}

struct Page {
    bytes: [u8; HEADER_BYTES],
    end: usize,
}

impl Page {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Payloads are even: no chunk of ours needs a byte after it.
    fn chunk(&mut self, id: [u8; 4], payload: &[u8]) {
        self.put(&id);
        self.put(&short(payload.len() as u64).to_le_bytes());
        self.put(payload);
    }
}

/// The payload of a sampler chunk (Microsoft's "New Multimedia Data Types"): middle C at the file's
/// own pitch, and one loop forward, for ever, from the first frame to the last.
fn smpl(rate: u32, frames: u64) -> Vec<u8> {
    const MIDDLE_C: u32 = 60;
    let period_ns = 1_000_000_000 / rate.max(1);
    let last = short(frames.saturating_sub(1));
    // Maker, product, period, note, cents, SMPTE format and offset, loops, further bytes.
    let head = [0, 0, period_ns, MIDDLE_C, 0, 0, 0, 1, 0];
    // Id, forward, first, last (counted in), fraction, rounds: 0 is for ever.
    let forward = [0, 0, 0, last, 0, 0];
    head.into_iter().chain(forward).flat_map(u32::to_le_bytes).collect()
}

fn fmt(rate: u32, channels: u16, format: SampleFormat) -> Vec<u8> {
    let tag: u16 = if format.is_float() { 3 } else { 1 };
    let extensible = channels > 2;
    let frame_bytes = format.frame_bytes(channels) as u16;
    let bits = format.bytes() as u16 * 8;
    let mut out = Vec::with_capacity(40);
    out.extend(if extensible { 0xfffe } else { tag }.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend(rate.saturating_mul(u32::from(frame_bytes)).to_le_bytes());
    out.extend(frame_bytes.to_le_bytes());
    out.extend(bits.to_le_bytes());
    if extensible {
        out.extend(22u16.to_le_bytes());
        out.extend(bits.to_le_bytes());
        // No loudspeakers assigned: these are inputs, not a surround layout.
        out.extend(0u32.to_le_bytes());
        out.extend(tag.to_le_bytes());
        out.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    } else if tag != 1 {
        out.extend(0u16.to_le_bytes());
    }
    out
}

fn short(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn get_u32(page: &[u8; HEADER_BYTES], at: usize) -> u32 {
    page.get(at..at + 4).map_or(u32::MAX, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

fn put_u32(page: &mut [u8; HEADER_BYTES], at: usize, value: u32) {
    page[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn put_u64(page: &mut [u8; HEADER_BYTES], at: usize, value: u64) {
    page[at..at + 8].copy_from_slice(&value.to_le_bytes());
}
