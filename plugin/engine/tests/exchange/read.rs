//! What stands in an exported project, read by parsers that share nothing with its writers.

use std::collections::HashMap;

/// A project, whatever its format.
#[derive(Debug, PartialEq)]
pub struct Project {
    pub tempo: f64,
    /// Tracks, then buses; no master.
    pub tracks: Vec<Track>,
}

#[derive(Debug, PartialEq)]
pub struct Track {
    pub name: String,
    pub volume: f64,
    /// -1 ..= 1.
    pub pan: f64,
    pub mute: bool,
    pub solo: bool,
    /// The name of the track it plays to; none: the master.
    pub to: Option<String>,
    /// The first is what sounds.
    pub rows: Vec<Vec<Clip>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    pub name: String,
    /// In seconds, as all times.
    pub start: f64,
    pub length: f64,
    pub offset: f64,
    pub gain: f64,
    pub fade_in: f64,
    pub fade_out: f64,
    pub file: String,
    /// It would be heard.
    pub on: bool,
}

/// Reads `project.xml`.
pub fn dawproject(xml: &str) -> Project {
    let document = roxmltree::Document::parse(xml).unwrap();
    let root = document.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("version")), ("Project", Some("1.0")));
    let tempo = child(root, "Transport").map(|t| child(t, "Tempo").unwrap()).unwrap();
    let structure = child(root, "Structure").unwrap();
    let tracks: Vec<_> = structure.children().filter(|n| n.has_tag_name("Track")).collect();
    let channel = |track| child(track, "Channel").unwrap();
    let by_channel: HashMap<&str, roxmltree::Node<'_, '_>> =
        tracks.iter().map(|t| (channel(*t).attribute("id").unwrap(), *t)).collect();
    let is_master = |track| channel(track).attribute("role") == Some("master");
    assert_eq!(tracks.iter().filter(|t| is_master(**t)).count(), 1);
    let lanes = child(child(root, "Arrangement").unwrap(), "Lanes").unwrap();
    assert_eq!(lanes.attribute("timeUnit"), Some("seconds"));
    let told = tracks.iter().filter(|t| !is_master(**t)).map(|track| {
        let (track, channel) = (*track, channel(*track));
        assert_eq!(track.attribute("contentType"), Some("audio"));
        let to = by_channel[channel.attribute("destination").expect("always a destination")];
        let id = track.attribute("id").unwrap();
        let own = lanes.children().find(|l| l.attribute("track") == Some(id));
        let value = |name: &str| {
            let parameter = child(channel, name).unwrap();
            parameter.attribute("value").unwrap().to_owned()
        };
        let rows = own.iter().flat_map(|l| l.children().filter(|c| c.has_tag_name("Clips")));
        Track {
            name: track.attribute("name").unwrap().to_owned(),
            volume: value("Volume").parse().unwrap(),
            pan: value("Pan").parse::<f64>().unwrap() * 2.0 - 1.0,
            mute: value("Mute") == "true",
            solo: channel.attribute("solo") == Some("true"),
            to: (!is_master(to)).then(|| to.attribute("name").unwrap().to_owned()),
            rows: rows
                .map(|r| r.children().filter(|c| c.is_element()).map(clip).collect())
                .collect(),
        }
    });
    Project { tempo: number(tempo, "value"), tracks: told.collect() }
}

fn clip(clip: roxmltree::Node<'_, '_>) -> Clip {
    assert_eq!(clip.attribute("contentTimeUnit"), Some("seconds"));
    let audio = clip.descendants().find(|n| n.has_tag_name("Audio")).unwrap();
    let points: Vec<_> = clip.descendants().filter(|n| n.has_tag_name("RealPoint")).collect();
    assert!(points.len() < 2);
    if !points.is_empty() {
        let target = clip.descendants().find(|n| n.has_tag_name("Target")).unwrap();
        assert_eq!(target.attribute("expression"), Some("gain"));
    }
    let fade = |name: &str| clip.attribute(name).map_or(0.0, |v| v.parse().unwrap());
    let (length, offset) = (number(clip, "duration"), number(clip, "playStart"));
    assert!((number(clip, "playStop") - offset - length).abs() < 1e-9);
    assert!(offset + length <= number(audio, "duration") + 1e-9, "it ends with its file");
    Clip {
        name: clip.attribute("name").unwrap().to_owned(),
        start: number(clip, "time"),
        length,
        offset,
        gain: points.first().map_or(1.0, |p| number(*p, "value")),
        fade_in: fade("fadeInTime"),
        fade_out: fade("fadeOutTime"),
        file: child(audio, "File").unwrap().attribute("path").unwrap().to_owned(),
        on: clip.attribute("enable") != Some("false"),
    }
}

fn child<'a, 'i>(node: roxmltree::Node<'a, 'i>, name: &str) -> Option<roxmltree::Node<'a, 'i>> {
    node.children().find(|n| n.has_tag_name(name))
}

fn number(node: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap_or_else(|| panic!("{name}")).parse().unwrap()
}

/// A chunk of a Reaper project: its lines as words, and the chunks in it.
#[derive(Default)]
pub struct Chunk {
    pub lines: Vec<Vec<String>>,
    pub chunks: Vec<Chunk>,
}

impl Chunk {
    /// The words behind `key`.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.lines.iter().find(|l| l[0] == key).map(|l| &l[1..])
    }

    pub fn number(&self, key: &str, field: usize) -> f64 {
        self.get(key).unwrap_or_else(|| panic!("{key}"))[field].parse().unwrap()
    }

    fn named(&self, head: &'static str) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter().filter(move |c| c.lines[0][0] == head)
    }

    /// The tracks of a project.
    pub fn tracks(&self) -> Vec<&Chunk> {
        self.named("TRACK").collect()
    }
}

/// Parses a Reaper project into its outermost chunk. The first line of a chunk is its head.
pub fn chunks(text: &str) -> Chunk {
    let mut open: Vec<Chunk> = vec![Chunk::default()];
    for line in text.lines().map(str::trim_start) {
        if let Some(head) = line.strip_prefix('<') {
            open.push(Chunk { lines: vec![words(head)], chunks: Vec::new() });
        } else if line == ">" {
            let done = open.pop().unwrap();
            open.last_mut().unwrap().chunks.push(done);
        } else {
            open.last_mut().unwrap().lines.push(words(line));
        }
    }
    assert_eq!(open.len(), 1, "every chunk ends");
    open.remove(0).chunks.remove(0)
}

/// Words by blanks, or in quotes of one of three kinds.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = if matches!(first, '"' | '\'' | '`') {
            rest[1..].split_once(first).expect("a quote ends")
        } else {
            rest.split_once(' ').unwrap_or((rest, ""))
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

/// Reads a Reaper project.
pub fn reaper(text: &str) -> Project {
    let root = chunks(text);
    assert_eq!(root.lines[0][0], "REAPER_PROJECT");
    let tracks = root.tracks();
    let name = |track: &Chunk| track.get("NAME").unwrap()[0].clone();
    let told = tracks.iter().enumerate().map(|(index, track)| {
        let receives = tracks.iter().filter(|t| {
            let mut lines = t.lines.iter().filter(|l| l[0] == "AUXRECV");
            lines.any(|l| l[1] == index.to_string() && l[2] == "0" && l[3] == "1")
        });
        let to: Vec<String> = receives.map(|t| name(t)).collect();
        assert!(to.len() < 2 && (to.is_empty() || track.number("MAINSEND", 0) == 0.0));
        let lanes = track.get("ITEMLANES").map_or(1, |l| l[0].parse().unwrap());
        if lanes > 1 {
            assert_eq!(track.get("FREEMODE").unwrap()[0], "2");
            assert_eq!(track.get("LANESOLO").unwrap()[0], "1");
        }
        let mut rows = vec![Vec::new(); lanes];
        for item in track.named("ITEM") {
            let lane = if lanes == 1 {
                0
            } else {
                assert!((item.number("YPOS", 1) * lanes as f64 - 1.0).abs() < 1e-9);
                (item.number("YPOS", 0) * lanes as f64).round() as usize
            };
            let source = item.named("SOURCE").next().unwrap();
            rows[lane].push(Clip {
                name: name(item),
                start: item.number("POSITION", 0),
                length: item.number("LENGTH", 0),
                offset: item.number("SOFFS", 0),
                gain: item.number("VOLPAN", 0),
                fade_in: item.number("FADEIN", 1),
                fade_out: item.number("FADEOUT", 1),
                file: source.get("FILE").unwrap()[0].clone(),
                on: lane == 0 && item.number("MUTE", 0) == 0.0,
            });
        }
        Track {
            name: name(track),
            volume: track.number("VOLPAN", 0),
            pan: track.number("VOLPAN", 1),
            mute: track.number("MUTESOLO", 0) != 0.0,
            solo: track.number("MUTESOLO", 1) != 0.0,
            to: to.into_iter().next(),
            rows,
        }
    });
    Project { tempo: root.number("TEMPO", 0), tracks: told.collect() }
}
