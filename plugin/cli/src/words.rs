//! Numbers as people read them.

use stowaway_engine::media::wav::SampleFormat;
use stowaway_engine::session::document;

/// `3:05.250`, `-0:00.500`, `1:00:00.000`.
pub fn time(secs: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let ms = (secs * 1_000.0).round() as i64;
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    let (hours, mins, secs, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
    if hours > 0 {
        format!("{sign}{hours}:{mins:02}:{secs:02}.{ms:03}")
    } else {
        format!("{sign}{mins}:{secs:02}.{ms:03}")
    }
}

/// Length of `frames` in seconds.
#[expect(clippy::cast_precision_loss, reason = "display only")]
pub fn secs(frames: u64, rate: u32) -> f64 {
    frames as f64 / f64::from(rate.max(1))
}

/// `-6.0 dB`, `-inf dB`.
pub fn db(db: f64) -> String {
    if db.is_finite() { format!("{db:.1} dB") } else { "-inf dB".to_owned() }
}

/// `30 L`, `C`, `100 R`.
pub fn pan(pan: f64) -> String {
    match pan.round() {
        p if p < 0.0 => format!("{} L", -p),
        p if p > 0.0 => format!("{p} R"),
        _ => "C".to_owned(),
    }
}

/// `1 track`, `3 tracks`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `mono`, `stereo`, `5 channels`.
pub fn channels(n: u16) -> String {
    match n {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        n => format!("{n} channels"),
    }
}

/// The document's word for a file's format.
pub fn document_format(format: SampleFormat) -> document::SampleFormat {
    match format {
        SampleFormat::U8 => document::SampleFormat::U8,
        SampleFormat::I16 => document::SampleFormat::I16,
        SampleFormat::I24 => document::SampleFormat::I24,
        SampleFormat::I32 => document::SampleFormat::I32,
        SampleFormat::F32 => document::SampleFormat::F32,
        SampleFormat::F64 => document::SampleFormat::F64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_levels_read_well() {
        assert_eq!(time(0.0), "0:00.000");
        assert_eq!(time(-0.5), "-0:00.500");
        assert_eq!(time(3_661.001_5), "1:01:01.002");
        assert_eq!(time(59.9996), "1:00.000");
        assert_eq!((db(-6.02), db(f64::NEG_INFINITY)), ("-6.0 dB".into(), "-inf dB".into()));
        assert_eq!([-30.0, 0.2, 100.0].map(pan), ["30 L", "C", "100 R"]);
    }
}
