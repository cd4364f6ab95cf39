//! Which files a print makes: their names, and what goes into each.

use std::path::Path;

use uuid::Uuid;

use super::PrintError;
use super::cuts::Cut;
use super::names::{Fields, Pattern, unique};
use super::output::{About, Spec, Take, header};
use super::report::PrintedFile;
use super::request::{IfExists, Pieces, PrintRequest, Width};
use crate::media::folder::KnownNames;
use crate::media::hash::hash64;
use crate::media::wav::SampleFormat;
use crate::session::document::Session;

/// One file, and what may become it: two specs where it turns out later whether one channel does.
pub(super) struct Planned {
    pub(super) printed: PrintedFile,
    pub(super) specs: Vec<Spec>,
}

impl Planned {
    fn of(spec: Spec, cut: &Cut) -> Self {
        let printed = PrintedFile {
            path: spec.path.clone(),
            name: cut.name.clone(),
            strip: cut.strip.clone(),
            clip: cut.clip.clone(),
            region: cut.region.clone(),
            skipped: false,
            channels: spec.channels,
            start_frame: spec.start_frame,
            frames: spec.frames,
            peak_db: f64::NEG_INFINITY,
            clipped_samples: 0,
            proof: None,
        };
        Self { printed, specs: vec![spec] }
    }
}

/// The files of each cut, in the order of `cuts`.
pub(super) fn plan(
    session: &Session,
    request: &PrintRequest,
    rate: u32,
    cuts: &[&Cut],
    tail_frames: u64,
) -> Result<Vec<Vec<Planned>>, PrintError> {
    let pattern = Pattern::parse(request.pattern.as_deref().unwrap_or_else(|| usual(request)))?;
    let taken = KnownNames::default();
    let name = |(n, cut): (usize, &&Cut)| {
        let stem = pattern.fill(&Fields {
            name: &cut.name,
            track: &cut.strip,
            clip: &cut.clip,
            region: &cut.region,
            session: &session.name,
            n: n + 1,
            rate,
            bits: bits(request.format),
        });
        let channels = cut.from.channels();
        let names = unique(&stem, &endings(request.width, channels), &taken);
        files(session, request, rate, cut, tail_frames, &names)
    };
    Ok(cuts.iter().enumerate().map(name).collect())
}

/// What files are called where nobody says.
fn usual(request: &PrintRequest) -> &'static str {
    match request.pieces {
        Pieces::Whole => "{name}",
        Pieces::Clips => "{track} {n:02} {clip}",
        Pieces::Regions => "{region} {track}",
    }
}

fn bits(format: SampleFormat) -> &'static str {
    match format {
        SampleFormat::I16 => "16",
        SampleFormat::I24 => "24",
        _ => "32f",
    }
}

fn endings(width: Width, channels: u16) -> Vec<String> {
    match (width, channels) {
        (Width::Split, 2) => vec![".L".to_owned(), ".R".to_owned()],
        (Width::Split, 3..) => (1..=channels).map(|c| format!(".{c}")).collect(),
        _ => vec![String::new()],
    }
}

fn files(
    session: &Session,
    request: &PrintRequest,
    rate: u32,
    cut: &Cut,
    tail_frames: u64,
    names: &[String],
) -> Vec<Planned> {
    let channels = cut.from.channels();
    let span = cut.span.end.abs_diff(cut.span.start);
    let frames = if request.looped { span } else { span.saturating_add(tail_frames) };
    // Everything that the sound of the file depends on, but the sound itself.
    let what = format!(
        "{}, {}, {:?}, {}+{frames} at {rate}, {}, loop {} {tail_frames}",
        session.id, cut.key, request.point, cut.span.start, request.format, request.looped
    );
    let spec = |name: &String, take: Take, channels: u16| Spec {
        path: request.out_dir.join(name),
        title: cut.name.clone(),
        track: cut.track,
        start_frame: cut.span.start,
        frames,
        channels,
        take,
        id: identity(&format!("{what}, {take:?}")),
        seed: hash64(what.as_bytes()),
    };
    let alone = |name, take, channels| vec![Planned::of(spec(name, take, channels), cut)];
    match (request.width, names) {
        (Width::Split, [_, _, ..]) => {
            let sides = names.iter().enumerate();
            sides.map(|(c, name)| Planned::of(spec(name, Take::One(c), 1), cut)).collect()
        }
        (Width::Mono, [name, ..]) if channels > 1 => alone(name, Take::Mean, 1),
        (Width::AutoMono, [name, ..]) if channels == 2 => {
            let mut file = alone(name, Take::All, 2);
            for file in &mut file {
                file.specs.insert(0, spec(name, Take::One(0), 1));
            }
            file
        }
        (_, [name, ..]) => alone(name, Take::All, channels),
        (_, []) => Vec::new(),
    }
}

/// A UUID that says what a file is of: the same for the same file of every print of the session
/// (version 8 of RFC 9562, two hashes).
fn identity(what: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&hash64(what.as_bytes()).to_be_bytes());
    bytes[8..].copy_from_slice(&hash64(format!("print of {what}").as_bytes()).to_be_bytes());
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Marks what is there already and is left.
pub(super) fn look(files: &mut [Vec<Planned>], if_exists: IfExists) -> Result<(), PrintError> {
    let there = |f: &&mut Planned| f.printed.path.symlink_metadata().is_ok();
    for file in files.iter_mut().flatten().filter(there) {
        match if_exists {
            IfExists::Fail => return Err(PrintError::Exists(file.printed.path.clone())),
            IfExists::Skip => file.printed.skipped = true,
            IfExists::Replace => {}
        }
    }
    Ok(())
}

/// What all of them take on the disk at most.
pub(super) fn bytes_of(files: &[Vec<Planned>], about: &About) -> u64 {
    let wanted = files.iter().flatten().filter(|f| !f.printed.skipped);
    wanted
        .flat_map(|f| &f.specs)
        .map(|spec| header(about, spec).file_bytes(spec.frames))
        .fold(0, u64::saturating_add)
}

/// Where to write a file of this name when the user is asked for nothing: the folder, if it is one.
pub(super) fn free_name(dir: &Path, stem: &str, replace: bool) -> String {
    let is_free = |stem: &str| {
        ["json", "csv"].iter().all(|e| dir.join(format!("{stem}.{e}")).symlink_metadata().is_err())
    };
    let mut names = (1u64..)
        .map(|n| if n == 1 { stem.to_owned() } else { format!("{stem} {n}") })
        .filter(|stem| replace || is_free(stem));
    names.next().unwrap_or_else(|| stem.to_owned())
}
