//! Reading a WAV file's structure: which chunk is where, what format, how many frames. Files come
//! from anywhere, so no number in them is believed before it is held against the file's length,
//! and none decides how much memory is taken.

use std::io;

use super::passport::{BEXT_BYTES, Passport};
use super::{HEADER_BYTES, SampleFormat};
use crate::disk::storage::File;

/// More chunks than any program writes: a file with more is damaged or hostile.
const MAX_CHUNKS: usize = 4096;
const MAX_CHANNELS: u16 = 256;
/// The longest iXML text that is read.
const MAX_IXML_BYTES: u64 = 1 << 20;

/// Why a file cannot be used. Callers say which file.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// The disk failed.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Nothing in it says WAV.
    #[error("it is no WAV file: convert it to WAV first")]
    NotWav,
    /// A codec in a WAV wrapper.
    #[error("its audio is compressed (format {0:#06x}): convert it to PCM first")]
    Compressed(u16),
    /// A combination that no program should write.
    #[error("its format makes no sense ({0}): the file is damaged, take it from a copy")]
    Senseless(String),
    /// No `fmt ` chunk before the audio.
    #[error("it does not say what format its audio has: the file is damaged, take it from a copy")]
    NoFormat,
    /// No `data` chunk.
    #[error("it ends before its audio begins: the file is damaged, take it from a copy")]
    NoData,
}

/// Which of the three relatives a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// 32 bit sizes.
    Riff,
    /// 64 bit sizes (EBU Tech 3306).
    Rf64,
    /// 64 bit sizes (ITU-R BS.2088).
    Bw64,
}

/// How the number of frames came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataLength {
    /// As the header says.
    Said,
    /// The header says more than there is: the file was cut, or is still being written.
    Truncated {
        /// The frames that the header promises.
        said_frames: u64,
    },
    /// The header says nothing (0, -1): counted from the file's length.
    Counted,
}

/// The parts of a bext chunk that are of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bext {
    /// Free text.
    pub description: String,
    /// Who made it.
    pub originator: String,
    /// The maker's own name for it.
    pub reference: String,
    /// `yyyy-mm-dd`.
    pub date: String,
    /// `hh:mm:ss`.
    pub time: String,
    /// Position of the first frame on the timeline, in frames of the file's rate.
    pub time_reference_frames: u64,
}

/// The structure of a WAV file.
#[derive(Clone, Debug, PartialEq)]
pub struct Wav {
    /// RIFF or a 64 bit relative.
    pub container: Container,
    /// How samples are kept.
    pub format: SampleFormat,
    /// Channels, 1..=256, interleaved.
    pub channels: u16,
    /// Frames per second.
    pub rate: u32,
    /// Where the audio begins.
    pub data_offset_bytes: u64,
    /// Whole frames that can be read.
    pub frames: u64,
    /// Where that number comes from.
    pub length: DataLength,
    /// Whole frames from the audio's begin to the end of the file: more than `frames` in a take
    /// whose header was not brought up to date before a kill.
    pub frames_to_end: u64,
    /// The bext chunk.
    pub bext: Option<Bext>,
    /// The iXML text.
    pub ixml: Option<String>,
    /// What one of our takes says about itself.
    pub passport: Option<Passport>,
}

impl Wav {
    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.format.frame_bytes(self.channels)
    }

    /// The byte at which a frame begins.
    #[must_use]
    pub fn frame_at_bytes(&self, frame: u64) -> u64 {
        self.data_offset_bytes.saturating_add(frame.saturating_mul(self.frame_bytes() as u64))
    }

    /// Whether it is laid out as our takes are: only then may its header be rewritten.
    #[must_use]
    pub fn is_take(&self) -> bool {
        self.passport.is_some() && self.data_offset_bytes == HEADER_BYTES as u64
    }
}

/// Reads the structure of a file.
///
/// # Errors
/// A sentence that tells what is wrong with the file and what to do.
pub fn parse(file: &dyn File) -> Result<Wav, WavError> {
    let mut source = Source { file, len: file.len()?, at: 0, held: Vec::new() };
    let head = source.bytes::<12>(0)?.ok_or(WavError::NotWav)?;
    let container = match &head[0..4] {
        b"RIFF" => Container::Riff,
        b"RF64" => Container::Rf64,
        b"BW64" => Container::Bw64,
        _ => return Err(WavError::NotWav),
    };
    if &head[8..12] != b"WAVE" {
        return Err(WavError::NotWav);
    }

    let mut ds64_data_bytes = None;
    let mut fmt = None;
    let mut data = None;
    let mut bext = None;
    let mut ixml = None;
    let mut at = 12;
    for _ in 0..MAX_CHUNKS {
        let Some(chunk) = source.chunk(at)? else { break };
        let mut size_bytes = chunk.size_bytes;
        match &chunk.id {
            b"ds64" => {
                ds64_data_bytes = source.bytes::<8>(chunk.payload_at + 8)?.map(u64::from_le_bytes);
            }
            b"fmt " if fmt.is_none() => fmt = Some(read_fmt(&mut source, &chunk)?),
            b"data" if data.is_none() => {
                let found = Data::new(&mut source, &chunk, container, ds64_data_bytes)?;
                size_bytes = found.bytes();
                data = Some(found);
            }
            b"bext" => bext = read_bext(&mut source, &chunk)?,
            b"iXML" => ixml = read_text(&source, &chunk)?,
            _ => {}
        }
        // After the audio only odds and ends follow: what is broken there breaks nothing.
        let next = chunk.payload_at.checked_add(size_bytes).and_then(|n| n.checked_add(n & 1));
        match next {
            Some(next) if next < source.len => at = next,
            _ => break,
        }
    }

    let data = data.ok_or(WavError::NoData)?;
    let Fmt { format, channels, rate } = fmt.ok_or(WavError::NoFormat)?;
    let frame_bytes = format.frame_bytes(channels) as u64;
    let frames_to_end = data.there_bytes / frame_bytes;
    let (frames, length) = match data.said_bytes {
        None => (frames_to_end, DataLength::Counted),
        Some(said) if said > data.there_bytes => {
            (frames_to_end, DataLength::Truncated { said_frames: said / frame_bytes })
        }
        Some(said) => (said / frame_bytes, DataLength::Said),
    };
    let passport = ixml.as_deref().and_then(Passport::from_ixml);
    let data_offset_bytes = data.offset_bytes;
    Ok(Wav {
        container,
        format,
        channels,
        rate,
        data_offset_bytes,
        frames,
        length,
        frames_to_end,
        bext,
        ixml,
        passport,
    })
}

struct Chunk {
    id: [u8; 4],
    payload_at: u64,
    size_bytes: u64,
}

/// A file read in pages, because chunks are small and many.
struct Source<'a> {
    file: &'a dyn File,
    len: u64,
    at: u64,
    held: Vec<u8>,
}

impl Source<'_> {
    /// `N` bytes (few); `None` where the file ends before.
    fn bytes<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        if at.checked_add(N as u64).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        let held_end = self.at + self.held.len() as u64;
        if at < self.at || at + N as u64 > held_end {
            self.held.resize(HEADER_BYTES, 0);
            let got = self.file.read_at(at, &mut self.held)?;
            self.held.truncate(got);
            self.at = at;
        }
        let from = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        Ok(self.held.get(from..).and_then(|rest| rest.first_chunk::<N>()).copied())
    }

    fn chunk(&mut self, at: u64) -> io::Result<Option<Chunk>> {
        Ok(self.bytes::<8>(at)?.map(|b| Chunk {
            id: [b[0], b[1], b[2], b[3]],
            payload_at: at + 8,
            size_bytes: u64::from(u32::from_le_bytes([b[4], b[5], b[6], b[7]])),
        }))
    }

    /// Whether chunks follow one another from `at` exactly to the end of the file.
    fn chunks_to_end(&mut self, mut at: u64) -> io::Result<bool> {
        for _ in 0..MAX_CHUNKS {
            if at == self.len {
                return Ok(true);
            }
            let Some(chunk) = self.chunk(at)? else { return Ok(false) };
            if !chunk.id.iter().all(|b| matches!(b, b' '..=b'~')) {
                return Ok(false);
            }
            let end = chunk.payload_at + chunk.size_bytes;
            // The last byte of an odd chunk is forgotten by some.
            at = if end == self.len { end } else { end + (end & 1) };
        }
        Ok(false)
    }
}

struct Data {
    offset_bytes: u64,
    /// What the header says; `None` where it says nothing of use.
    said_bytes: Option<u64>,
    /// From the offset to the end of the file.
    there_bytes: u64,
}

impl Data {
    fn new(
        source: &mut Source<'_>,
        chunk: &Chunk,
        container: Container,
        ds64_data_bytes: Option<u64>,
    ) -> io::Result<Self> {
        let offset_bytes = chunk.payload_at;
        let there_bytes = source.len.saturating_sub(offset_bytes);
        let open = u64::from(u32::MAX);
        let mut said_bytes = match container {
            _ if chunk.size_bytes != open => Some(chunk.size_bytes),
            Container::Riff => None,
            Container::Rf64 | Container::Bw64 => {
                ds64_data_bytes.filter(|&b| b != u64::MAX && b <= i64::MAX.unsigned_abs())
            }
        };
        // 0 is what a recorder leaves behind that never came back to its header, but an empty
        // file may also be followed by other chunks.
        if said_bytes == Some(0) && there_bytes > 0 && !source.chunks_to_end(offset_bytes)? {
            said_bytes = None;
        }
        Ok(Self { offset_bytes, said_bytes, there_bytes })
    }

    fn bytes(&self) -> u64 {
        self.said_bytes.unwrap_or(self.there_bytes)
    }
}

struct Fmt {
    format: SampleFormat,
    channels: u16,
    rate: u32,
}

fn read_fmt(source: &mut Source<'_>, chunk: &Chunk) -> Result<Fmt, WavError> {
    if chunk.size_bytes < 16 {
        return Err(WavError::NoFormat);
    }
    let b = source.bytes::<16>(chunk.payload_at)?.ok_or(WavError::NoFormat)?;
    let u16_at = |at: usize| u16::from_le_bytes([b[at], b[at + 1]]);
    let mut tag = u16_at(0);
    if tag == 0xfffe {
        // The tag proper is the beginning of the sub-format's GUID.
        let guid = if chunk.size_bytes >= 26 { source.bytes(chunk.payload_at + 24)? } else { None };
        tag = guid.map(u16::from_le_bytes).ok_or(WavError::NoFormat)?;
    }
    let channels = u16_at(2);
    let rate = u32::from_le_bytes([b[4], b[5], b[6], b[7]]);
    let frame_bytes = u16_at(12);
    let bits = u16_at(14);
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(WavError::Senseless(format!("{channels} channels")));
    }
    if !(100..=3_072_000).contains(&rate) {
        return Err(WavError::Senseless(format!("a sample rate of {rate} Hz")));
    }
    // The frame's size tells how wide a sample is kept; the bits may be fewer (20 in 24).
    let sample_bytes = if frame_bytes > 0 && frame_bytes.is_multiple_of(channels) {
        frame_bytes / channels
    } else {
        bits.div_ceil(8)
    };
    let format = match (tag, sample_bytes) {
        (1, 1) => SampleFormat::U8,
        (1, 2) => SampleFormat::I16,
        (1, 3) => SampleFormat::I24,
        (1, 4) => SampleFormat::I32,
        (3, 4) => SampleFormat::F32,
        (3, 8) => SampleFormat::F64,
        (1 | 3, n) => return Err(WavError::Senseless(format!("{n} bytes a sample"))),
        (tag, _) => return Err(WavError::Compressed(tag)),
    };
    Ok(Fmt { format, channels, rate })
}

fn read_bext(source: &mut Source<'_>, chunk: &Chunk) -> io::Result<Option<Bext>> {
    if chunk.size_bytes < BEXT_BYTES as u64 {
        return Ok(None);
    }
    let Some(b) = source.bytes::<BEXT_BYTES>(chunk.payload_at)? else { return Ok(None) };
    let text = |range: std::ops::Range<usize>| {
        let field = b.get(range).unwrap_or_default();
        let end = field.iter().position(|&c| c == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).trim().to_owned()
    };
    let low = b[338..346].first_chunk::<8>().copied().unwrap_or_default();
    Ok(Some(Bext {
        description: text(0..256),
        originator: text(256..288),
        reference: text(288..320),
        date: text(320..330),
        time: text(330..338),
        time_reference_frames: u64::from_le_bytes(low),
    }))
}

fn read_text(source: &Source<'_>, chunk: &Chunk) -> io::Result<Option<String>> {
    let there = source.len.saturating_sub(chunk.payload_at);
    if chunk.size_bytes > there || chunk.size_bytes > MAX_IXML_BYTES {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(chunk.size_bytes).unwrap_or(0)];
    let got = source.file.read_at(chunk.payload_at, &mut bytes)?;
    bytes.truncate(got);
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end_matches(['\0', ' ']).to_owned()))
}
