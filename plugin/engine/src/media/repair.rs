//! Making one file of a cut-off take whole. The length of the file decides how much was recorded
//! (room in advance is no length); the header is brought up to it in one write of one page. Where
//! the header is not to be trusted, the file stays as it is and a copy is made.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::folder::{KnownNames, create_or_reuse, in_words, numbered, resolve_reference};
use super::journal::TakeOpened;
use super::probe::{FileInfo, probe};
use super::wav::{HEADER_BYTES, Passport, SampleFormat, TakeHeader, Wav, parse};
use crate::disk::storage::{File, PREPARED_BYTES, Storage, read_exact_at};

/// A copy is written in such pieces.
const CHUNK_BYTES: usize = 1 << 20;

/// How a repair went.
pub enum Mended {
    /// The file is whole.
    InPlace,
    /// A whole copy stands beside the file, which was left as it is.
    Copied {
        /// The copy, relative to the folder.
        file: String,
    },
    /// Nothing was recorded.
    Empty,
    /// There is no such file.
    Missing,
}

/// Whether `file` holds this take behind a header of ours.
pub fn is_intact(
    storage: &dyn Storage,
    folder: &Path,
    file: &str,
    opened: &TakeOpened,
) -> io::Result<bool> {
    let file = storage.open_read(&resolve(storage, folder, file)?)?;
    Ok(header_of(&*file, opened)?.is_some())
}

fn resolve(storage: &dyn Storage, folder: &Path, file: &str) -> io::Result<PathBuf> {
    resolve_reference(storage, folder, file).map_err(|e| io::Error::other(e.to_string()))
}

/// What a take of ours can be. A journal can be written by anybody, and a copy made by senseless
/// numbers would be made again at every look.
fn is_sensible(opened: &TakeOpened) -> bool {
    (1..=64).contains(&opened.channels)
        && (100..=3_072_000).contains(&opened.rate)
        && matches!(opened.format, SampleFormat::F32 | SampleFormat::I24 | SampleFormat::I16)
}

/// Makes the take whole. Done again, or after having been killed anywhere, it comes to the same. A
/// copy gets a name that is not among `names`.
pub fn mend(
    storage: &dyn Storage,
    folder: &Path,
    names: &KnownNames,
    opened: &TakeOpened,
    rf64_at_bytes: u64,
) -> io::Result<Mended> {
    if !is_sensible(opened) {
        return Err(io::Error::other("the journal does not say rightly what it is"));
    }
    let path = resolve(storage, folder, &opened.file)?;
    match storage.stat(&path)? {
        Some(stat) if stat.is_dir => return Ok(Mended::Missing),
        None => return Ok(Mended::Missing),
        Some(stat) if stat.len_bytes <= PREPARED_BYTES => return Ok(Mended::Empty),
        Some(_) => {}
    }
    let file = storage.open_read(&path)?;
    match header_of(&*file, opened)? {
        Some((page, header)) => {
            in_place(storage, &path, &page, &header.with_rf64_at(rf64_at_bytes))
        }
        None => copied(storage, folder, names, &*file, opened, rf64_at_bytes),
    }
}

fn header_of(
    file: &dyn File,
    opened: &TakeOpened,
) -> io::Result<Option<([u8; HEADER_BYTES], TakeHeader)>> {
    let mut page = [0; HEADER_BYTES];
    match read_exact_at(file, 0, &mut page) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let Ok(wav) = parse(file) else { return Ok(None) };
    let ours = wav.is_take()
        && wav.passport.as_ref().is_some_and(|p| p.take == opened.take)
        && (wav.format, wav.channels) == (opened.format, opened.channels);
    Ok(TakeHeader::from_page(&page).filter(|_| ours).map(|header| (page, header)))
}

fn in_place(
    storage: &dyn Storage,
    path: &Path,
    page: &[u8; HEADER_BYTES],
    header: &TakeHeader,
) -> io::Result<Mended> {
    let file = storage.open_write(path)?;
    let len = file.len()?;
    let frames = header.frames_in(len);
    let whole = header.encode(frames);
    if whole != *page {
        file.write_at(0, &whole)?;
        file.sync_data()?;
    }
    // Off go a torn frame and the room in advance; on comes the byte that an odd length needs.
    file.set_len(header.file_bytes(frames))?;
    file.sync_data()?;
    Ok(Mended::InPlace)
}

fn copied(
    storage: &dyn Storage,
    folder: &Path,
    names: &KnownNames,
    damaged: &dyn File,
    opened: &TakeOpened,
    rf64_at_bytes: u64,
) -> io::Result<Mended> {
    let stem = Path::new(&opened.file)
        .file_stem()
        .map_or_else(|| "Take".to_owned(), |s| s.to_string_lossy().into_owned());
    let stem = format!("{stem} (repaired)");
    // Under a name that no one takes for audio until all of it is there.
    let part = folder.join(format!("{stem}.part"));
    let header = TakeHeader::new(&passport(opened), opened.rate, opened.channels, opened.format)
        .with_rf64_at(rf64_at_bytes);
    let frames = header.frames_in(damaged.len()?);
    let file = create_or_reuse(storage, &part)?;
    file.write_at(0, &header.encode(frames))?;
    let end = HEADER_BYTES as u64 + header.data_bytes(frames);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut at = HEADER_BYTES as u64;
    while at < end {
        let want = usize::try_from(end - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        read_exact_at(damaged, at, &mut chunk[..want])?;
        file.write_at(at, &chunk[..want])?;
        at += want as u64;
    }
    file.set_len(header.file_bytes(frames))?;
    file.sync_data()?;
    drop(file);
    // The folder is locked: nobody takes the name between the look and the renaming.
    let mut name = numbered(&stem, 1, "wav");
    for counter in 2u32.. {
        if storage.stat(&folder.join(&name))?.is_none() && names.give(&name) {
            break;
        }
        name = numbered(&stem, counter, "wav");
    }
    storage.rename(&part, &folder.join(&name))?;
    storage.sync_dir(folder)?;
    Ok(Mended::Copied { file: name })
}

/// The passport that a take had, from the journal.
fn passport(opened: &TakeOpened) -> Passport {
    Passport {
        take: opened.take,
        session: opened.session,
        track: opened.track,
        track_name: opened.track_name.clone(),
        pass: opened.pass,
        pos: opened.pos_ticks,
        lead_in_frames: opened.lead_in_frames,
        clip_frames: None,
        tempo: opened.tempo,
        input: opened.input.clone(),
        host: opened.host.clone(),
        created: UNIX_EPOCH
            .checked_add(Duration::from_secs(opened.created_secs))
            .unwrap_or(UNIX_EPOCH),
    }
}

/// The journal line that a take should have had, from its passport.
pub fn opened_from(passport: &Passport, file: &str, wav: &Wav) -> TakeOpened {
    TakeOpened {
        take: passport.take,
        session: passport.session,
        pass: passport.pass,
        run: 0,
        track: passport.track,
        track_name: passport.track_name.clone(),
        file: file.to_owned(),
        pos_ticks: passport.pos,
        lead_in_frames: passport.lead_in_frames,
        rate: wav.rate,
        channels: wav.channels,
        format: wav.format,
        input: passport.input.clone(),
        tempo: passport.tempo,
        host: passport.host.clone(),
        created_secs: passport.created.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
    }
}

/// What a whole file is now.
pub fn look(storage: &dyn Storage, folder: &Path, file: &str) -> io::Result<FileInfo> {
    let path = resolve(storage, folder, file)?;
    probe(storage, &path).map_err(|e| match e.source {
        super::wav::WavError::Io(e) => e,
        other => io::Error::other(other.to_string()),
    })
}

/// Why a repair failed, for the user.
pub fn failed(file: &str, error: &io::Error) -> String {
    format!(
        "“{file}” was cut off by a crash and could not be repaired yet ({}). It is as it was; the \
         next opening of its session, or `stowaway recover` on its folder, tries again.",
        in_words(error)
    )
}
