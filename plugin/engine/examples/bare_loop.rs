//! What a print is measured against: the least that mixing stereo 24-bit files into one float WAV
//! can cost. One pass, one thread: read, convert, multiply, add, write; nothing else.
//!
//!     bare_loop OUT.wav FILES...            the loop
//!     bare_loop --read-only FILES...        merely reading
//!     bare_loop --stems DIR FILES...        each file as a float WAV of its own, and their sum
//!
//! It shares nothing with the engine but the code that finds the audio in a file. Each file gets
//! a gain and a balance of its own.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use stowaway_engine::disk::storage;
use stowaway_engine::media::wav::{SampleFormat, parse};

/// Frames read of a file at a time.
const BLOCK_FRAMES: usize = 8192;
const FRAME_BYTES: usize = 6;
/// Files that are added in one pass over the sum.
const TOGETHER: usize = 4;

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let done = match args.as_slice() {
        [flag, files @ ..] if flag == Path::new("--read-only") => read_only(files),
        [flag, dir, files @ ..] if flag == Path::new("--stems") => stems(dir, files),
        [out, files @ ..] if !files.is_empty() => mix(out, files),
        _ => Err(io::Error::other("bare_loop OUT.wav FILES..., or bare_loop --read-only FILES...")),
    };
    match done {
        Ok(frames) => {
            println!("{frames} frames");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bare_loop: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens all files at their first frame; gives the shortest length.
fn open(paths: &[PathBuf]) -> io::Result<(Vec<File>, usize)> {
    let mut files = Vec::new();
    let mut frames = usize::MAX;
    for path in paths {
        let wav = parse(&*storage::shared().open_read(path)?).map_err(io::Error::other)?;
        if (wav.format, wav.channels) != (SampleFormat::I24, 2) {
            return Err(io::Error::other(format!("{} is not stereo 24 bit", path.display())));
        }
        frames = frames.min(usize::try_from(wav.frames).unwrap_or(usize::MAX));
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(wav.data_offset_bytes))?;
        files.push(file);
    }
    Ok((files, frames))
}

fn read_only(paths: &[PathBuf]) -> io::Result<usize> {
    let (mut files, frames) = open(paths)?;
    let mut bytes = vec![0; BLOCK_FRAMES * FRAME_BYTES];
    for at in (0..frames).step_by(BLOCK_FRAMES) {
        let len = BLOCK_FRAMES.min(frames - at) * FRAME_BYTES;
        for file in &mut files {
            file.read_exact(&mut bytes[..len])?;
        }
    }
    Ok(frames)
}

fn mix(out: &Path, paths: &[PathBuf]) -> io::Result<usize> {
    let (mut files, frames) = open(paths)?;
    let mut out = File::create(out)?;
    out.write_all(&header(frames))?;
    // Some room beyond the block: the wide loop loads 28 bytes for 24.
    let mut bytes = vec![vec![0; BLOCK_FRAMES * FRAME_BYTES + 32]; TOGETHER];
    let mut sum = vec![0f32; BLOCK_FRAMES * 2];
    let mut encoded = vec![0; BLOCK_FRAMES * 8];
    for at in (0..frames).step_by(BLOCK_FRAMES) {
        let n = BLOCK_FRAMES.min(frames - at);
        sum[..n * 2].fill(0.0);
        for (turn, files) in files.chunks_mut(TOGETHER).enumerate() {
            for (file, bytes) in files.iter_mut().zip(&mut bytes) {
                file.read_exact(&mut bytes[..n * FRAME_BYTES])?;
            }
            let gains = std::array::from_fn(|i| gains(turn * TOGETHER + i));
            add(&mut sum[..n * 2], &bytes[..files.len()], &gains);
        }
        for (bytes, s) in encoded.chunks_exact_mut(4).zip(&sum[..n * 2]) {
            bytes.copy_from_slice(&s.to_le_bytes());
        }
        out.write_all(&encoded[..n * 8])?;
    }
    Ok(frames)
}

/// Each file by itself, and all of them.
fn stems(dir: &Path, paths: &[PathBuf]) -> io::Result<usize> {
    let (mut files, frames) = open(paths)?;
    std::fs::create_dir_all(dir)?;
    let mut outs = Vec::new();
    for n in 0..=files.len() {
        let mut out = File::create(dir.join(format!("{n}.wav")))?;
        out.write_all(&header(frames))?;
        outs.push(out);
    }
    let mut bytes = vec![0; BLOCK_FRAMES * FRAME_BYTES + 32];
    let mut stem = vec![0f32; BLOCK_FRAMES * 2];
    let mut sum = vec![0f32; BLOCK_FRAMES * 2];
    let mut encoded = vec![0; BLOCK_FRAMES * 8];
    let mut write = |out: &mut File, samples: &[f32]| {
        for (bytes, s) in encoded.chunks_exact_mut(4).zip(samples) {
            bytes.copy_from_slice(&s.to_le_bytes());
        }
        out.write_all(&encoded[..samples.len() * 4])
    };
    for at in (0..frames).step_by(BLOCK_FRAMES) {
        let n = BLOCK_FRAMES.min(frames - at);
        sum[..n * 2].fill(0.0);
        for (turn, file) in files.iter_mut().enumerate() {
            file.read_exact(&mut bytes[..n * FRAME_BYTES])?;
            stem[..n * 2].fill(0.0);
            add(&mut stem[..n * 2], std::slice::from_ref(&bytes), &[gains(turn); TOGETHER]);
            for (sum, stem) in sum.iter_mut().zip(&stem[..n * 2]) {
                *sum += stem;
            }
            write(&mut outs[turn], &stem[..n * 2])?;
        }
        write(&mut outs[files.len()], &sum[..n * 2])?;
    }
    Ok(frames)
}

/// Some gain and balance.
fn gains(file: usize) -> [f32; 2] {
    let gain = 0.5 / (1.0 + (file % 7) as f32);
    [gain, gain * (1.0 - (file % 5) as f32 * 0.2)]
}

/// Adds `sum.len()` interleaved samples of 24 bits of each file.
fn add(sum: &mut [f32], files: &[Vec<u8>], gains: &[[f32; 2]; TOGETHER]) {
    let scaled = gains.map(|gains| gains.map(|g| g / 8_388_608.0 / 256.0));
    #[cfg(target_arch = "x86_64")]
    if let ([a, b, c, d], true) = (files, std::arch::is_x86_feature_detected!("avx2")) {
        // SAFETY: the processor has AVX2.
        unsafe { add_wide(sum, [a, b, c, d], &scaled) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if let ([one], true) = (files, std::arch::is_x86_feature_detected!("avx2")) {
        // SAFETY: the processor has AVX2.
        unsafe { add_wide(sum, [one], &[scaled[0]]) };
        return;
    }
    for (bytes, scaled) in files.iter().zip(scaled) {
        add_plain(sum, bytes, scaled);
    }
}

fn add_plain(sum: &mut [f32], bytes: &[u8], scaled: [f32; 2]) {
    for (i, (s, b)) in sum.iter_mut().zip(bytes.chunks_exact(3)).enumerate() {
        *s += i32::from_le_bytes([0, b[0], b[1], b[2]]) as f32 * scaled[i % 2];
    }
}

/// Eight samples at a time, of all files while their sum is in a register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_wide<const N: usize>(sum: &mut [f32], files: [&Vec<u8>; N], scaled: &[[f32; 2]; N]) {
    use std::arch::x86_64::*;
    let gains = scaled.map(|[l, r]| _mm256_setr_ps(l, r, l, r, l, r, l, r));
    // Samples 0..4 in the low half, 4..8 in the high one, each in the upper three bytes.
    #[rustfmt::skip]
    let spread = _mm256_setr_epi8(
        -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11,
        -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11,
    );
    let wide = sum.len() / 8;
    assert!(files.iter().all(|f| f.len() >= wide * 24 + 4), "the last load reads 4 bytes more");
    for (i, s) in sum.chunks_exact_mut(8).enumerate() {
        // SAFETY: `s` is eight floats.
        let mut new = unsafe { _mm256_loadu_ps(s.as_ptr()) };
        for (bytes, gain) in files.iter().zip(gains) {
            // SAFETY: both loads end at or before byte 24 * i + 28, which is inside as asserted.
            let raw = unsafe {
                let at = bytes.as_ptr().add(i * 24);
                _mm256_set_m128i(_mm_loadu_si128(at.add(12).cast()), _mm_loadu_si128(at.cast()))
            };
            let values = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(raw, spread));
            new = _mm256_add_ps(new, _mm256_mul_ps(values, gain));
        }
        // SAFETY: as for the load.
        unsafe { _mm256_storeu_ps(s.as_mut_ptr(), new) };
    }
    for (bytes, scaled) in files.iter().zip(scaled) {
        add_plain(&mut sum[wide * 8..], &bytes[wide * 24..], *scaled);
    }
}

/// A float WAV of `frames` stereo frames at 48 kHz.
fn header(frames: usize) -> Vec<u8> {
    let data_bytes = (frames * 8) as u32;
    let mut h = Vec::new();
    h.extend(b"RIFF");
    h.extend((36 + data_bytes).to_le_bytes());
    h.extend(b"WAVEfmt ");
    h.extend(16u32.to_le_bytes());
    h.extend(3u16.to_le_bytes());
    h.extend(2u16.to_le_bytes());
    h.extend(48_000u32.to_le_bytes());
    h.extend(384_000u32.to_le_bytes());
    h.extend(8u16.to_le_bytes());
    h.extend(32u16.to_le_bytes());
    h.extend(b"data");
    h.extend(data_bytes.to_le_bytes());
    h
}
