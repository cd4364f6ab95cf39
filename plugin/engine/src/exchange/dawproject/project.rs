//! `project.xml` and `metadata.xml`. Times are in seconds: the session's clips do not follow the
//! tempo.

use std::io;

use super::xml::Xml;
use crate::exchange::arrangement::{Arrangement, Strip, To, TrackStrip};
use crate::exchange::media::{Media, MediaFile};
use crate::exchange::piece::{Piece, secs};
use crate::gain::from_db;
use crate::plan::schedule::FadeShape;
use crate::session::document::track::MAX_FADER_DB;
use crate::session::document::{Db, Session};

/// Both documents, and what had to be left out of them.
pub(super) struct Told {
    pub(super) project: Vec<u8>,
    pub(super) metadata: Vec<u8>,
    pub(super) clips: usize,
    pub(super) notes: Vec<String>,
}

/// Tells all of it.
pub(super) fn write(session: &Session, arrangement: &Arrangement<'_>, media: &Media<'_>) -> Told {
    let mut teller = Teller { arrangement, media, clips: 0, curved: false, notes: Vec::new() };
    // Nothing fails in memory.
    let project = teller.project().unwrap_or_default();
    if teller.curved {
        teller.notes.push(
            "A DAWproject knows how long a fade is and not its curve: curved ones are drawn as the \
             other program likes."
                .to_owned(),
        );
    }
    let metadata = metadata(session).unwrap_or_default();
    Told { project, metadata, clips: teller.clips, notes: teller.notes }
}

fn metadata(session: &Session) -> io::Result<Vec<u8>> {
    let mut xml = Xml::new()?;
    xml.element("MetaData", &[], |xml| xml.text("Title", &session.name))?;
    Ok(xml.into_bytes())
}

const MASTER: &str = "master";

struct Teller<'t, 's> {
    arrangement: &'t Arrangement<'s>,
    media: &'t Media<'s>,
    clips: usize,
    /// There is a fade that the format cannot draw.
    curved: bool,
    notes: Vec<String>,
}

impl<'t, 's> Teller<'t, 's> {
    fn project(&mut self) -> io::Result<Vec<u8>> {
        let mut xml = Xml::new()?;
        xml.element("Project", &[("version", "1.0".into())], |xml| {
            xml.empty(
                "Application",
                &[("name", "Stowaway".into()), ("version", env!("CARGO_PKG_VERSION").into())],
            )?;
            self.transport(xml)?;
            xml.element("Structure", &[], |xml| self.structure(xml))?;
            let (arrangement, lanes) = (xml.id(), xml.id());
            xml.element("Arrangement", &[("id", arrangement)], |xml| {
                xml.element("Lanes", &[("timeUnit", "seconds".into()), ("id", lanes)], |xml| {
                    let mut tracks = self.arrangement.tracks.iter().enumerate();
                    tracks.try_for_each(|(index, track)| self.lanes(xml, index, track))
                })
            })
        })?;
        Ok(xml.into_bytes())
    }

    fn transport(&self, xml: &mut Xml) -> io::Result<()> {
        let (tempo, signature) = (xml.id(), xml.id());
        xml.element("Transport", &[], |xml| {
            let value = self.arrangement.tempo.to_string();
            xml.empty(
                "Tempo",
                &[("unit", "bpm".into()), ("value", value), ("id", tempo), name("Tempo")],
            )?;
            // The session knows beats and no bars.
            let four = || "4".to_owned();
            xml.empty(
                "TimeSignature",
                &[("denominator", four()), ("numerator", four()), ("id", signature)],
            )
        })
    }

    fn structure(&mut self, xml: &mut Xml) -> io::Result<()> {
        for (index, track) in self.arrangement.tracks.iter().enumerate() {
            if track.track.polarity {
                self.notes.push(format!(
                    "A DAWproject has no polarity switch: track “{}” loses it.",
                    track.strip.name
                ));
            }
            self.strip(xml, "regular", &format!("track{index}"), &track.strip)?;
        }
        for (index, bus) in self.arrangement.buses.iter().enumerate() {
            self.strip(xml, "submix", &format!("bus{index}"), bus)?;
        }
        let main = [("contentType", "audio".into()), ("id", "main".into()), name("Main")];
        xml.element("Track", &main, |xml| {
            let channel = [
                ("audioChannels", "2".to_owned()),
                ("role", "master".into()),
                ("solo", "false".into()),
                ("id", MASTER.into()),
            ];
            xml.element("Channel", &channel, |xml| fader(xml, false, 0.0, Db::UNITY))
        })
    }

    fn strip(&mut self, xml: &mut Xml, role: &str, id: &str, strip: &Strip) -> io::Result<()> {
        // Programs differ in what a channel without a destination does: it always has one.
        let destination = match strip.to {
            To::Bus(index) => channel_of(&format!("bus{index}")),
            To::Main | To::Out(_) | To::Nowhere => MASTER.to_owned(),
        };
        let elsewhere = match strip.to {
            To::Out(port) => Some(format!(
                "“{}” plays to output {}; a DAWproject knows the main output alone, so it goes there.",
                strip.name,
                u16::from(port) + 1
            )),
            To::Nowhere => Some(format!(
                "“{}” plays nowhere; in a DAWproject it is muted instead.",
                strip.name
            )),
            To::Main | To::Bus(_) => None,
        };
        self.notes.extend(elsewhere);
        let track = [
            ("contentType", "audio".to_owned()),
            ("loaded", "true".into()),
            ("id", id.to_owned()),
            name(&strip.name),
        ];
        xml.element("Track", &track, |xml| {
            let channel = [
                ("audioChannels", strip.channels.to_string()),
                ("destination", destination),
                ("role", role.to_owned()),
                ("solo", strip.mix.solo.to_string()),
                ("id", channel_of(id)),
            ];
            xml.element("Channel", &channel, |xml| {
                let mute = strip.mix.mute || strip.to == To::Nowhere;
                fader(xml, mute, strip.mix.pan, strip.mix.fader_db)
            })
        })
    }

    /// What sounds, and below it the lanes it was made from, switched off.
    fn lanes(&mut self, xml: &mut Xml, index: usize, track: &TrackStrip<'s>) -> io::Result<()> {
        let id = xml.id();
        xml.element("Lanes", &[("track", format!("track{index}")), ("id", id)], |xml| {
            self.row(xml, &track.strip.name, &track.sounding, true)?;
            let mut lanes = track.lanes.iter();
            lanes.try_for_each(|lane| self.row(xml, &lane.name, &lane.pieces, false))
        })
    }

    fn row(
        &mut self,
        xml: &mut Xml,
        called: &str,
        pieces: &[Piece<'s>],
        heard: bool,
    ) -> io::Result<()> {
        let id = xml.id();
        xml.element("Clips", &[("id", id), name(called)], |xml| {
            pieces.iter().try_for_each(|piece| self.clip(xml, piece, heard))
        })
    }

    /// Where two clips cross, they overlap and fade: each one's begin, length and offset are what
    /// they are. (The format's other way, a negative fade, would hide a part of the upper one.)
    fn clip(&mut self, xml: &mut Xml, piece: &Piece<'s>, heard: bool) -> io::Result<()> {
        let Some(file) = self.media.files.get(&piece.source.id) else { return Ok(()) };
        self.clips += 1;
        for fade in [piece.fade_in, piece.fade_out] {
            self.curved |= fade.frames > 0 && fade.shape != FadeShape::Linear;
        }
        let time = |frames: i64| piece.secs(frames).to_string();
        let mut clip = vec![
            ("time", time(piece.start)),
            ("duration", time(piece.frames)),
            ("contentTimeUnit", "seconds".to_owned()),
            ("playStart", time(piece.offset)),
            ("playStop", time(piece.offset + piece.frames)),
            name(piece.name()),
        ];
        if piece.fade_in.frames > 0 || piece.fade_out.frames > 0 {
            clip.push(("fadeTimeUnit", "seconds".into()));
            clip.push(("fadeInTime", time(piece.fade_in.frames.into())));
            clip.push(("fadeOutTime", time(piece.fade_out.frames.into())));
        }
        if !heard {
            clip.push(("enable", "false".into()));
        }
        xml.element("Clip", &clip, |xml| {
            let gain = piece.gain();
            let inside = piece.gain_points();
            if gain.to_bits() == 1f64.to_bits() && inside.is_empty() {
                return audio(xml, file);
            }
            let (lanes, points) = (xml.id(), xml.id());
            xml.element("Lanes", &[("id", lanes)], |xml| {
                audio(xml, file)?;
                xml.element("Points", &[("unit", "linear".into()), ("id", points)], |xml| {
                    xml.empty("Target", &[("expression", "gain".into())])?;
                    let mut point = |time: String, value: f64, how: &str| {
                        let value = ("value", value.to_string());
                        let how = ("interpolation", how.to_owned());
                        xml.empty("RealPoint", &[("time", time), value, how])
                    };
                    if inside.is_empty() {
                        return point("0".into(), gain, "hold");
                    }
                    inside.iter().try_for_each(|(t, g)| point(t.to_string(), g * gain, "linear"))
                })
            })
        })
    }
}

fn audio(xml: &mut Xml, file: &MediaFile<'_>) -> io::Result<()> {
    let id = xml.id();
    let frames = i64::try_from(file.source.frames).unwrap_or(i64::MAX);
    let audio = [
        ("channels", file.source.channels.to_string()),
        ("duration", secs(frames, file.source.rate).to_string()),
        ("sampleRate", file.source.rate.to_string()),
        ("timeUnit", "seconds".to_owned()),
        ("id", id),
    ];
    xml.element("Audio", &audio, |xml| {
        let mut path = vec![("path", file.reference.clone())];
        if !file.copied {
            path.push(("external", "true".into()));
        }
        xml.empty("File", &path)
    })
}

/// In the order that the schema wants.
fn fader(xml: &mut Xml, mute: bool, pan: f64, fader_db: Db) -> io::Result<()> {
    let (mute_id, pan_id, volume_id) = (xml.id(), xml.id(), xml.id());
    xml.empty("Mute", &[("value", mute.to_string()), ("id", mute_id), name("Mute")])?;
    // 0 is left, 1 is right.
    let pan = ((pan + 100.0) / 200.0).clamp(0.0, 1.0);
    parameter(xml, "Pan", "normalized", 1.0, pan, pan_id)?;
    let top = from_db(MAX_FADER_DB);
    parameter(xml, "Volume", "linear", top, fader_db.gain(), volume_id)
}

fn parameter(
    xml: &mut Xml,
    called: &'static str,
    unit: &str,
    max: f64,
    value: f64,
    id: String,
) -> io::Result<()> {
    xml.empty(
        called,
        &[
            ("max", max.to_string()),
            ("min", "0".into()),
            ("unit", unit.to_owned()),
            ("value", value.to_string()),
            ("id", id),
            name(called),
        ],
    )
}

fn channel_of(strip: &str) -> String {
    format!("{strip}-channel")
}

fn name(text: &str) -> (&'static str, String) {
    ("name", text.to_owned())
}
