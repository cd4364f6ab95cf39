//! A take's file, as a program that knows nothing of Stowaway reads it.

use std::path::Path;

use super::Take;

/// Bytes before the audio in every take.
const HEAD_BYTES: usize = 4_096;

/// The channels of a take, as many frames as the session says. RIFF is read by `hound`; RF64,
/// which that does not know, by the letter of EBU Tech 3306.
///
/// # Panics
/// If the file is not what the session says.
#[must_use]
pub fn samples(take: &Take) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(&take.path)
        .unwrap_or_else(|e| panic!("{} cannot be read: {e}", take.path.display()));
    let flat = if bytes.starts_with(b"RF64") { rf64(&bytes) } else { riff(&bytes, &take.path) };
    let channels = usize::try_from(take.channels).expect("few");
    assert_eq!(flat.len(), take.frames * channels, "samples in {}", take.path.display());
    (0..channels).map(|c| flat.iter().skip(c).step_by(channels).copied().collect()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
fn riff(bytes: &[u8], path: &Path) -> Vec<f32> {
    let mut file = hound::WavReader::new(bytes)
        .unwrap_or_else(|e| panic!("hound does not read {}: {e}", path.display()));
    let spec = file.spec();
    match spec.sample_format {
        hound::SampleFormat::Float => file.samples::<f32>().map(|s| s.expect("audio")).collect(),
        hound::SampleFormat::Int => {
            let scale = (1u64 << (spec.bits_per_sample - 1)) as f32;
            file.samples::<i32>().map(|s| s.expect("audio") as f32 / scale).collect()
        }
    }
}

/// 32-bit float, which is what scenarios record that long.
fn rf64(bytes: &[u8]) -> Vec<f32> {
    assert_eq!(
        (&bytes[8..16], &bytes[HEAD_BYTES - 8..HEAD_BYTES - 4]),
        (&b"WAVEds64"[..], &b"data"[..])
    );
    let size = u64::from_le_bytes(bytes[28..36].try_into().expect("8 bytes"));
    let end = HEAD_BYTES + usize::try_from(size).expect("a file in memory");
    bytes[HEAD_BYTES..end].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
