//! What the window remembers: where it looks, what is open in it. Nothing of this is saved with
//! the session.

use std::collections::{BTreeSet, HashMap, HashSet};

use egui::Pos2;
use stowaway_engine::params::ParamKey;
use stowaway_engine::session::document::{ClipId, LaneId, MarkerId, RegionId, TakeId, TrackId};

use super::meter::Level;

/// What the panel at the right shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Takes that no track shows, and earlier sessions.
    Takes,
    /// What the user should know.
    Messages,
    /// Prints.
    Print,
    /// Hand-overs to other programs.
    HandOver,
    /// The session's files.
    Media,
    /// What is known of the host.
    Host,
}

/// An order of takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TakesBy {
    /// As they were recorded.
    #[default]
    Time,
    /// The best first.
    Rating,
    /// The loudest first.
    Loudness,
    /// The quietest noise floor first.
    Noise,
}

/// A name or a number that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Typing {
    /// What is renamed.
    pub what: Typed,
    /// The text so far.
    pub text: String,
    /// It has the keyboard already.
    pub focused: bool,
}

/// What can be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The session's name.
    Session,
    /// A track's name.
    Track(TrackId),
    /// A track's fader, in decibels.
    Fader(TrackId),
    /// A track's pan.
    Pan(TrackId),
    /// The name of an input port, typed in a track's header.
    InputLabel(TrackId, u8),
    /// The folder for takes.
    Folder,
    /// A clip's name.
    Clip(ClipId),
    /// A lane's name.
    Lane(LaneId),
    /// A marker's name.
    Marker(MarkerId),
    /// A region's name.
    Region(RegionId),
    /// A take's name.
    Take(TakeId),
}

/// See the module.
pub struct ViewState {
    /// The moment at the left edge of the timeline, in seconds.
    pub from_secs: f64,
    /// Pixels a second.
    pub px_per_sec: f64,
    /// Pixels that the rows are scrolled down.
    pub scroll: f32,
    /// The timeline turns its pages with the playhead.
    pub follow: bool,
    /// Tracks whose lanes are shown.
    pub open: HashSet<TrackId>,
    /// The clips that are chosen.
    pub selected: BTreeSet<ClipId>,
    /// The clip that is being dragged.
    pub hold: Option<super::hand::Hold>,
    /// A range that is being chosen on a lane.
    pub swipe: Option<super::comp::Swipe>,
    /// A marker that is being dragged, by its number, and where it is.
    pub mark_drag: Option<(u64, f64)>,
    /// The track under the mouse.
    pub track_under: Option<TrackId>,
    /// What stripping would take from a clip is shown.
    pub stripping: super::silence::Stripping,
    /// What is stripped as silence.
    pub silence: stowaway_engine::media::level::Silence,
    /// Takes are listed in that order.
    pub takes_by: TakesBy,
    /// Edits snap to the grid and to edges.
    pub snap: bool,
    /// To which of them.
    pub snap_to: super::snap::SnapTo,
    /// The panel at the right.
    pub side: Option<Side>,
    /// What is being typed.
    pub typing: Option<Typing>,
    /// Levels as they are shown, by state slot: input, output.
    pub levels: HashMap<u16, [Level; 2]>,
    /// Gaps that the user has seen.
    pub gaps_seen: u64,
    /// Where a drag on the ruler began, in seconds.
    pub ruler_drag: Option<f64>,
    /// Where a drag of a range began, in seconds.
    pub range_drag: Option<f64>,
    /// A stretch of the timeline that was chosen on the ruler, in seconds.
    pub range: Option<(f64, f64)>,
    /// Where the ruler's menu was opened, in seconds.
    pub ruler_menu_secs: f64,
    /// What was drawn of waveforms.
    pub waves: super::wave::Drawn,
    /// Where the mouse was pressed on a control, for drags that end outside.
    pub pressed: Option<Pos2>,
    /// What is filled in on the page of prints.
    pub print: super::print_page::Form,
    /// What the page of hand-overs remembers.
    pub pages: super::hand_over::Pages,
    /// The page of the session's files.
    pub media: super::media_page::Page,
    /// Triggers that were pressed, and when they are let go of.
    pub pressed_keys: Vec<(ParamKey, f64)>,
    /// The first frame of a window has been drawn.
    pub framed: bool,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            from_secs: -0.25,
            px_per_sec: 40.0,
            scroll: 0.0,
            follow: true,
            open: HashSet::new(),
            selected: BTreeSet::new(),
            hold: None,
            swipe: None,
            mark_drag: None,
            track_under: None,
            stripping: super::silence::Stripping::default(),
            silence: stowaway_engine::media::level::Silence::default(),
            takes_by: TakesBy::default(),
            snap: true,
            snap_to: super::snap::SnapTo::default(),
            side: None,
            typing: None,
            levels: HashMap::new(),
            gaps_seen: 0,
            ruler_drag: None,
            range_drag: None,
            range: None,
            ruler_menu_secs: 0.0,
            waves: super::wave::Drawn::default(),
            pressed: None,
            print: super::print_page::Form::default(),
            pages: super::hand_over::Pages::default(),
            media: super::media_page::Page::default(),
            pressed_keys: Vec::new(),
            framed: false,
        }
    }
}

impl ViewState {
    /// A window opens: what belongs to the one before is forgotten, with its clock.
    pub fn opened(&mut self) {
        self.typing = None;
        self.ruler_drag = None;
        self.range_drag = None;
        self.pressed = None;
        self.framed = false;
        // The clock begins anew: they are let go of with the next frame.
        self.pressed_keys.iter_mut().for_each(|(_, until)| *until = 0.0);
        self.hold = None;
        self.swipe = None;
        self.mark_drag = None;
        self.levels.clear();
    }

    /// The track that a clip is on.
    #[must_use]
    pub fn track_of(&self, now: &super::now::Now<'_>, clip: ClipId) -> Option<TrackId> {
        now.session().clips().find(|(_, c)| c.id == clip).map(|(t, _)| t.id)
    }

    /// Begins to type.
    pub fn edit(&mut self, what: Typed, text: impl Into<String>) {
        self.typing = Some(Typing { what, text: text.into(), focused: false });
    }

    /// Whether that is being typed.
    #[must_use]
    pub fn types(&self, what: Typed) -> bool {
        self.typing.as_ref().is_some_and(|t| t.what == what)
    }
}
