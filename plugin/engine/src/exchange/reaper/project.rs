//! The project's text: a chunk for each track, the group buses as tracks behind them, and in them
//! an item for each clip.

use super::text::{Text, quoted};
use crate::exchange::arrangement::{Arrangement, Strip, To, TrackStrip};
use crate::exchange::media::{Media, MediaFile};
use crate::exchange::piece::Piece;
use crate::plan::schedule::{Fade, FadeShape};

/// The text, and what had to be left out of it.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) clips: usize,
    pub(super) notes: Vec<String>,
}

/// Tells all of it.
pub(super) fn write(arrangement: &Arrangement<'_>, media: &Media<'_>) -> Told {
    let mut teller = Teller { arrangement, media, clips: 0, curved: false, notes: Vec::new() };
    let mut text = Text::default();
    text.chunk("REAPER_PROJECT 0.1 \"7.0\" 0", |text| teller.project(text));
    if teller.curved {
        teller.notes.push(
            "Curved fades become those of Reaper that are nearest: not quite the same on their \
             way."
                .to_owned(),
        );
    }
    Told { text: text.into_string(), clips: teller.clips, notes: teller.notes }
}

struct Teller<'t, 's> {
    arrangement: &'t Arrangement<'s>,
    media: &'t Media<'s>,
    clips: usize,
    /// There is a fade that Reaper draws a little differently.
    curved: bool,
    notes: Vec<String>,
}

impl<'s> Teller<'_, 's> {
    fn project(&mut self, text: &mut Text) {
        text.line(format_args!("TEMPO {} 4 4", self.arrangement.tempo));
        let arrangement = self.arrangement;
        for track in &arrangement.tracks {
            text.chunk("TRACK", |text| self.track(text, track));
        }
        for (index, bus) in arrangement.buses.iter().enumerate() {
            text.chunk("TRACK", |text| {
                self.strip(text, bus, false);
                for (source, from) in arrangement.strips().enumerate() {
                    if from.to == To::Bus(index) {
                        // From the other's channels 1 and 2, behind its fader, at unity.
                        text.line(format_args!("AUXRECV {source} 0 1 0 0 0 0 0 0 -1:U 0 -1 ''"));
                    }
                }
                self.routing(text, bus);
            });
        }
    }

    fn track(&mut self, text: &mut Text, track: &TrackStrip<'s>) {
        self.strip(text, &track.strip, track.track.polarity);
        let lanes = track.lanes.len();
        if lanes > 0 {
            // Fixed lanes: what sounds is the uppermost and plays alone, the others are to choose
            // from. Bit n of LANESOLO is lane n.
            text.line("FREEMODE 2");
            text.line("FIXEDLANES 8 0 0 0 0");
            text.line("LANESOLO 1 0 0 0 0 0 0 0");
            let names = track.lanes.iter().map(|lane| quoted(&lane.name));
            let names: Vec<String> = std::iter::once(quoted("Sounding")).chain(names).collect();
            text.line(format_args!("LANENAME {}", names.join(" ")));
        }
        self.routing(text, &track.strip);
        if lanes > 0 {
            text.line(format_args!("ITEMLANES {}", lanes + 1));
        }
        let rows = std::iter::once(&track.sounding).chain(track.lanes.iter().map(|l| &l.pieces));
        for (lane, pieces) in rows.enumerate() {
            for piece in pieces {
                let Some(file) = self.media.files.get(&piece.source.id) else { continue };
                self.clips += 1;
                let at = (lanes > 0).then_some((lane, lanes + 1));
                let mono = track.strip.channels == 1 && piece.source.channels > 1;
                // In the row that sounds nothing is muted.
                let mute = lane > 0 && piece.clip.mute;
                text.chunk("ITEM", |text| self.item(text, piece, file, at, mono, mute));
            }
        }
    }

    fn strip(&self, text: &mut Text, strip: &Strip, polarity: bool) {
        let mix = &strip.mix;
        text.line(format_args!("NAME {}", quoted(&strip.name)));
        // A mono strip lies 3 dB lower in the middle (constant power), a stereo one is balanced.
        let pan_law = if strip.channels == 1 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        let (volume, pan) = (mix.fader_db.gain(), mix.pan / 100.0);
        text.line(format_args!("VOLPAN {volume} {pan} {pan_law} -1 1"));
        // 2: in place, so that the buses it plays to are heard too.
        let solo = if mix.solo { 2 } else { 0 };
        text.line(format_args!("MUTESOLO {} {solo} 0", u8::from(mix.mute)));
        text.line(format_args!("IPHASE {}", u8::from(polarity)));
        // Reaper's tracks have an even number of channels.
        text.line(format_args!("NCHAN {}", strip.channels.next_multiple_of(2)));
    }

    fn routing(&mut self, text: &mut Text, strip: &Strip) {
        text.line(format_args!("MAINSEND {} 0", u8::from(strip.to == To::Main)));
        if let To::Out(port) = strip.to {
            let first = 2 * u16::from(port);
            // Behind the fader, at unity.
            text.line(format_args!("HWOUT {first} 0 1 0 0 0 0 -1:U -1"));
            self.notes.push(format!(
                "“{}” plays to output {}: in Reaper that is the hardware outputs {} and {}.",
                strip.name,
                u16::from(port) + 1,
                first + 1,
                first + 2
            ));
        }
    }

    fn item(
        &mut self,
        text: &mut Text,
        piece: &Piece<'s>,
        file: &MediaFile<'s>,
        lane: Option<(usize, usize)>,
        mono: bool,
        mute: bool,
    ) {
        text.line(format_args!("POSITION {}", piece.secs(piece.start)));
        text.line("SNAPOFFS 0");
        text.line(format_args!("LENGTH {}", piece.secs(piece.frames)));
        text.line("LOOP 0");
        text.line("ALLTAKES 0");
        for (word, fade) in [("FADEIN", piece.fade_in), ("FADEOUT", piece.fade_out)] {
            let (shape, secs) = (self.shape(fade), piece.secs(fade.frames));
            text.line(format_args!("{word} {shape} {secs} 0 {shape} 0 0 0"));
        }
        text.line(format_args!("MUTE {} 0", u8::from(mute)));
        text.line("SEL 0");
        if let Some((lane, lanes)) = lane {
            #[expect(clippy::cast_precision_loss, reason = "a track has few lanes")]
            let (top, height) = (lane as f64 / lanes as f64, 1.0 / lanes as f64);
            text.line(format_args!("YPOS {top} {height} 2"));
        }
        text.line(format_args!("NAME {}", quoted(piece.name())));
        text.line(format_args!("VOLPAN {} 0 1 -1", piece.gain()));
        text.line(format_args!("SOFFS {}", piece.secs(piece.offset)));
        text.line("PLAYRATE 1 1 0 -1 0 0.0025");
        // 2: both sides as one, as a mono strip hears them.
        text.line(format_args!("CHANMODE {}", if mono { 2 } else { 0 }));
        text.chunk("SOURCE WAVE", |text| {
            text.line(format_args!("FILE {}", quoted(&file.reference)));
        });
        let inside = piece.gain_points();
        if !inside.is_empty() {
            text.chunk("VOLENV", |text| {
                text.line("ACT 1 -1");
                for (secs, gain) in inside {
                    text.line(format_args!("PT {secs} {gain} 0"));
                }
            });
        }
    }

    fn shape(&mut self, fade: Fade) -> u8 {
        match fade.shape {
            _ if fade.frames == 0 => 0,
            FadeShape::Linear => 0,
            FadeShape::EqualPower => {
                self.curved = true;
                1
            }
            FadeShape::Logarithmic => {
                self.curved = true;
                3
            }
            FadeShape::SCurve => {
                self.curved = true;
                5
            }
        }
    }
}
