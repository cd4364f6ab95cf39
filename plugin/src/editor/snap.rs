//! What edits snap to: lines of the grid, edges of clips and marks, the playhead and the loop,
//! transients, zero crossings.

use egui::Ui;
use stowaway_engine::media::onset;
use stowaway_engine::session::document::{Clip, ClipId, Source};
use stowaway_engine::session::lanes::clip_end;

use super::now::Now;
use super::scale::{self, Scale};
use super::state::ViewState;

/// Pixels from which on something is taken.
const NEAR: f64 = 8.0;
/// Frames of a bin that transients are looked for in.
const BIN: u64 = 64;
/// So much before a place is heard to tell what is a transient there.
const BEFORE_SECS: f64 = 0.25;
/// Where a drag's pixels are longer, nobody aims at transients.
const FARTHEST_SECS: f64 = 1.0;
/// Frames around a place in which a zero crossing is looked for.
const AROUND: u64 = 2_048;

/// The lines that edits snap to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grid {
    /// None.
    Off,
    /// Those that are seen.
    #[default]
    Seen,
    /// Bars.
    Bars,
    /// Beats.
    Beats,
    /// So many parts of a beat.
    Parts(u8),
}

const GRIDS: [(Grid, &str); 8] = [
    (Grid::Off, "No grid"),
    (Grid::Seen, "The grid that is seen"),
    (Grid::Bars, "Bars"),
    (Grid::Beats, "Beats"),
    (Grid::Parts(2), "1/2 beat"),
    (Grid::Parts(3), "1/3 beat"),
    (Grid::Parts(4), "1/4 beat"),
    (Grid::Parts(8), "1/8 beat"),
];

/// What of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapTo {
    /// Lines.
    pub grid: Grid,
    /// Edges of clips and regions, markers, playhead, loop.
    pub edges: bool,
    /// Where a sound begins in the clip.
    pub transients: bool,
    /// The nearest zero crossing of the clip, after all else.
    pub zero: bool,
}

impl Default for SnapTo {
    fn default() -> Self {
        Self { grid: Grid::default(), edges: true, transients: false, zero: false }
    }
}

impl SnapTo {
    /// The choice of all that.
    pub fn menu(&mut self, ui: &mut Ui) {
        ui.set_min_width(190.0);
        for (grid, name) in GRIDS {
            if ui.radio(self.grid == grid, name).clicked() {
                self.grid = grid;
            }
        }
        ui.separator();
        ui.checkbox(&mut self.edges, "Clips, marks, loop");
        ui.checkbox(&mut self.transients, "Transients of the clip");
        ui.checkbox(&mut self.zero, "Zero crossings of the clip");
    }
}

/// The nearest of all that `secs` may snap to, but edges of `but`; itself where nothing is near.
/// `but` is also the clip whose sound is looked at.
#[must_use]
pub fn nearest(now: &Now<'_>, to: SnapTo, scale: &Scale, secs: f64, but: Option<ClipId>) -> f64 {
    let reach = NEAR / scale.px_per_sec;
    let mut best = (reach, secs);
    let mut offer = |at: f64| {
        let far = (at - secs).abs();
        if far < best.0 {
            best = (far, at);
        }
    };
    lines(now, to.grid, scale, (secs, reach), &mut offer);
    if to.edges {
        edges(now, but, &mut offer);
    }
    let clip = but.and_then(|id| now.session().clips().find(|(_, c)| c.id == id));
    let sound = clip.and_then(|(_, clip)| Sound::of(now, clip));
    if let Some(sound) = &sound
        && to.transients
        && reach < FARTHEST_SECS
    {
        sound.transients(now, secs - reach, secs + reach, &mut offer);
    }
    match sound.filter(|_| to.zero) {
        Some(sound) => sound.zero_crossing(now, best.1).unwrap_or(best.1),
        None => best.1,
    }
}

/// Where a clip is cut that is to be cut at `secs`: at a zero crossing, where that is wanted.
#[must_use]
pub fn cut_place(now: &Now<'_>, state: &ViewState, clip: &Clip, secs: f64) -> f64 {
    let zero = state.snap && state.snap_to.zero;
    let sound = Sound::of(now, clip).filter(|_| zero);
    sound.and_then(|s| s.zero_crossing(now, secs)).unwrap_or(secs)
}

fn lines(
    now: &Now<'_>,
    grid: Grid,
    scale: &Scale,
    (secs, reach): (f64, f64),
    offer: &mut dyn FnMut(f64),
) {
    let (from, to) = (secs - reach, secs + reach);
    match (grid, &now.meter) {
        (Grid::Off, _) => {}
        (Grid::Seen, Some(meter)) => {
            let ticks = scale::bars(from, to, scale.px_per_sec, meter, now.rate);
            ticks.iter().for_each(|tick| offer(tick.secs));
        }
        (_, None) => {
            let ticks = scale::seconds(from, to, scale.px_per_sec);
            ticks.iter().for_each(|tick| offer(tick.secs));
        }
        (Grid::Bars | Grid::Beats | Grid::Parts(_), Some(meter)) => {
            let beat = 60.0 / meter.tempo * 4.0 / f64::from(meter.time_sig.1.max(1));
            let step = match grid {
                Grid::Bars => beat * f64::from(meter.time_sig.0.max(1)),
                Grid::Parts(parts) => beat / f64::from(parts.max(1)),
                _ => beat,
            };
            let origin = scale::bar_one_secs(meter, now.rate);
            offer(origin + ((secs - origin) / step).round() * step);
        }
    }
}

fn edges(now: &Now<'_>, but: Option<ClipId>, offer: &mut dyn FnMut(f64)) {
    let session = now.session();
    for (_, clip) in session.clips().filter(|(_, c)| Some(c.id) != but) {
        offer(clip.pos.secs());
        if let Some(source) = now.sources.get(&clip.source) {
            offer(clip_end(clip, source).secs());
        }
    }
    session.markers.iter().for_each(|m| offer(m.pos.secs()));
    for region in &session.regions {
        offer(region.from.secs());
        offer(region.to.secs());
    }
    if !now.place.rolling {
        offer(now.secs());
    }
    if let Some((start, end)) = now.place.loop_range {
        offer(now.frame_secs(start));
        offer(now.frame_secs(end));
    }
}

/// A clip's sound on the timeline: of one that is not looped.
struct Sound<'a> {
    clip: &'a Clip,
    source: &'a Source,
    rate: f64,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "frames of a file stay below 2^53, and are brought into it"
)]
impl<'a> Sound<'a> {
    fn of(now: &Now<'a>, clip: &'a Clip) -> Option<Self> {
        let source = now.sources.get(&clip.source).filter(|s| !s.growing)?;
        let rate = f64::from(source.rate.max(1));
        (clip.loop_frames == 0).then_some(Self { clip, source, rate })
    }

    /// The file's frame at a moment, also beyond the clip's edges.
    fn frame(&self, secs: f64) -> f64 {
        let into = (secs - self.clip.pos.secs()) * self.rate;
        let first = self.clip.offset as f64;
        if self.clip.reverse { first + self.clip.frames as f64 - into } else { first + into }
    }

    fn secs(&self, frame: f64) -> f64 {
        let first = self.clip.offset as f64;
        let into =
            if self.clip.reverse { first + self.clip.frames as f64 - frame } else { frame - first };
        self.clip.pos.secs() + into / self.rate
    }

    fn channels(&self, of: usize) -> std::ops::Range<usize> {
        match self.clip.channel.map(usize::from) {
            Some(channel) if channel < of => channel..channel + 1,
            _ => 0..of,
        }
    }

    fn transients(&self, now: &Now<'_>, from: f64, to: f64, offer: &mut dyn FnMut(f64)) {
        let Some(peaks) = now.plug.instance().waveforms().peaks(self.source.id) else { return };
        let (a, b) = (self.frame(from), self.frame(to));
        let end = self.source.frames as f64;
        let first = (a.min(b) - BEFORE_SECS * self.rate).clamp(0.0, end) as u64 / BIN;
        let last = a.max(b).clamp(0.0, end) as u64 / BIN + 1;
        let levels = (first..last).map(|bin| {
            let each = self
                .channels(peaks.channels())
                .filter_map(|c| peaks.range(c, bin * BIN, (bin + 1) * BIN));
            each.fold(0f32, |most, [low, high]| most.max(high).max(-low))
        });
        let bin_secs = BIN as f32 / self.rate as f32;
        for bin in onset::onsets(levels, bin_secs) {
            // The first bin of what was looked at is loud against nothing.
            if bin > 0 || first == 0 {
                offer(self.secs(((first + bin as u64) * BIN) as f64));
            }
        }
    }

    fn zero_crossing(&self, now: &Now<'_>, secs: f64) -> Option<f64> {
        let at = self.frame(secs).clamp(0.0, self.source.frames as f64).round() as u64;
        let first = at.saturating_sub(AROUND);
        let frames = usize::try_from(2 * AROUND).ok()?;
        let samples = now.plug.instance().waveforms().samples(self.source.id, first, frames)?;
        let channels: Vec<&[f32]> =
            self.channels(samples.channels()).filter_map(|c| samples.channel(c)).collect();
        let inside = usize::try_from(at.checked_sub(samples.first_frame())?).ok()?;
        let found = onset::zero_crossing(&channels, inside)?;
        Some(self.secs((samples.first_frame() + found as u64) as f64))
    }
}
