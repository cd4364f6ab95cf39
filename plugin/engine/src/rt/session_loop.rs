//! The session loop (`Loop Length`): where the host's transport never wraps, Stowaway goes round
//! by itself, as it would in a loop of the host.
//!
//! ```text
//! Idle   --Record on--> Waits  for the next bar line, where the host tells bars
//! Waits  --bar line---> Rounds of a length in bars, or First, whose end is still open
//! First  --Record off, Next Take--> Rounds of its length, rounded to whole bars
//! Rounds --its end----> the next round, recorded as long as Record is on
//! any    --the host stops or moves, Loop Length off--> Idle
//! ```
//!
//! While it goes round, the timeline does: position `home` follows on the round's last frame, for
//! what is recorded (every round is a pass at the place of the first) and for what is heard (the
//! newest pass repeats), also after Record is off, until the host stops. A round is a whole number
//! of frames, rounded once, so that all passes are of one length: against bars of a fractional
//! number of frames it drifts by less than half a frame a round.
//!
//! Time is counted in capture frames. A host whose own loop is on needs none of this: its loop wins.

mod bars;

pub use bars::Bars;

use super::transport::{Entry, Span};

/// So many seconds after a bar line the end of a first take still counts as on it: nobody hits a
/// pedal before the beat.
const GRACE_SECS: f64 = 0.5;
/// No round is shorter: a block would be cut to pieces.
const MIN_FRAMES: u64 = 64;

/// `Loop Length`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Length {
    /// No session loop.
    #[default]
    Off,
    /// So many bars.
    Bars(f64),
    /// As long as the first take.
    FirstTake,
}

impl Length {
    /// The choice at this step of the parameter.
    #[must_use]
    pub fn of_step(step: u16) -> Self {
        match step {
            0 => Self::Off,
            // 1/4, 1/2, 1, 2, 4, 8, 16.
            1..=7 => Self::Bars(f64::from(1u16 << (step - 1)) / 4.0),
            _ => Self::FirstTake,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    /// For capture frame `until`. `plain`: what was recorded before goes on meanwhile.
    Waits { until: u64, plain: bool },
    /// The first take, from capture frame `start` on.
    First { home: i64, start: u64 },
    /// A round that began at capture frame `start`.
    Rounds { home: i64, start: u64, frames: u64, made_of: Length, records: bool },
}

/// What there is to know at a frame, before it is played.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Capture frame.
    pub frame: u64,
    /// What the host's transport does there.
    pub due: Span,
    /// Recording is wanted.
    pub on: bool,
    /// `Next Take` was pressed.
    pub next_take: bool,
    /// The host's own loop is on, and will wrap.
    pub host_loops: bool,
    /// What the host tells of bars.
    pub bars: Bars,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// Passes are recorded.
    pub on: bool,
    /// Passes that are open end here, and go on as new ones in new lanes.
    pub cuts: bool,
    /// That is so many frames ago.
    pub late_frames: u64,
    /// Where on the timeline it is.
    pub pos: i64,
    /// How it begins, where that is another word than the host's.
    pub entry: Option<Entry>,
    /// Where it would be, had it not just left another course.
    pub moved_from: Option<i64>,
    /// Frames for which this holds, at least 1.
    pub limit: usize,
    /// `Next Take` is done with.
    pub took_next: bool,
    /// A length was made of bars that the host does not tell.
    pub assumed_tempo: bool,
}

/// See the module.
#[derive(Debug)]
pub struct SessionLoop {
    rate: f64,
    length: Length,
    state: State,
    /// It recorded without a loop at the frame before.
    plain: bool,
}

impl SessionLoop {
    /// Off.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate), length: Length::Off, state: State::Idle, plain: false }
    }

    /// The parameter's value now.
    pub fn set_length(&mut self, length: Length) {
        self.length = length;
    }

    /// The host resets the plugin.
    pub fn reset(&mut self) {
        self.state = State::Idle;
        self.plain = false;
    }

    /// The timeline's stretch that it goes round in.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        match self.state {
            State::Rounds { home, frames, .. } => {
                Some((home, home.saturating_add_unsigned(frames)))
            }
            _ => None,
        }
    }

    /// Where on the timeline capture frame `frame` is, while it goes round.
    #[must_use]
    pub fn pos(&self, frame: u64) -> Option<i64> {
        match self.state {
            State::Rounds { home, start, frames, .. } => {
                Some(home.saturating_add_unsigned(frame.saturating_sub(start) % frames.max(1)))
            }
            _ => None,
        }
    }

    /// What happens at the next frame. Call once for each stretch of at most [`Turn::limit`].
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn turn(&mut self, now: &Now) -> Turn {
        let mut turn = Turn {
            on: now.on,
            cuts: false,
            late_frames: 0,
            pos: now.due.pos,
            entry: None,
            moved_from: None,
            limit: usize::MAX,
            took_next: false,
            assumed_tempo: false,
        };
        self.leave(now, &mut turn);
        if let State::Idle = self.state {
            self.set_off(now, &mut turn);
        }
        if let State::Waits { until, plain } = self.state {
            if !now.on {
                self.state = State::Idle;
            } else if now.frame >= until {
                turn.cuts = plain;
                self.begin(now, &mut turn);
            } else {
                turn.on = plain;
                turn.limit = narrow(until - now.frame);
            }
        }
        if let State::First { home, start } = self.state
            && (!now.on || now.next_take)
        {
            turn.took_next = now.next_take;
            let frames = self.first_length(now.frame - start, &now.bars);
            let made_of = Length::FirstTake;
            self.state = State::Rounds { home, start, frames, made_of, records: true };
        }
        match &mut self.state {
            State::First { .. } => turn.on = true,
            State::Rounds { .. } => self.go_round(now, &mut turn),
            State::Idle | State::Waits { .. } => {}
        }
        self.plain = turn.on && matches!(self.state, State::Idle | State::Waits { .. });
        turn
    }

    /// The host moved or stopped, or the loop was switched off.
    fn leave(&mut self, now: &Now, turn: &mut Turn) {
        let was = self.pos(now.frame);
        let entry = now.due.entry;
        let moved = matches!(entry, Entry::Starts | Entry::Jumps | Entry::Wraps | Entry::Stops);
        if !moved && self.length != Length::Off {
            return;
        }
        let recorded = match self.state {
            State::Idle => return,
            State::Waits { .. } => false,
            State::First { .. } => true,
            State::Rounds { records, .. } => records,
        };
        let kept = if let State::Rounds { frames, .. } = self.state { Some(frames) } else { None };
        self.state = State::Idle;
        if let Some(was) = was.filter(|was| now.due.rolling && *was != now.due.pos)
            && !matches!(entry, Entry::Starts | Entry::Stops)
        {
            turn.entry = Some(Entry::Jumps);
            turn.moved_from = Some(was);
        }
        // Nothing is lost: what was being recorded begins anew at once.
        if recorded && now.on && self.length != Length::Off && !now.host_loops {
            self.begin(now, turn);
            if let (State::Rounds { frames, .. }, Some(kept)) = (&mut self.state, kept) {
                *frames = kept;
            }
        }
    }

    /// Recording may have been switched on.
    fn set_off(&mut self, now: &Now, turn: &mut Turn) {
        if !now.on || self.length == Length::Off || now.host_loops {
            return;
        }
        let ahead = if now.due.rolling { now.bars.to_line(now.frame) } else { 0 };
        self.state = State::Waits { until: now.frame + ahead, plain: self.plain };
        turn.on = self.plain;
    }

    fn begin(&mut self, now: &Now, turn: &mut Turn) {
        let (home, start) = (now.due.pos, now.frame);
        turn.on = true;
        self.state = match self.length {
            Length::Bars(bars) => {
                turn.assumed_tempo = !now.bars.tempo_is_told();
                let frames = self.frames_of(bars, &now.bars);
                State::Rounds { home, start, frames, made_of: self.length, records: true }
            }
            Length::FirstTake | Length::Off => State::First { home, start },
        };
    }

    fn frames_of(&self, count: f64, bars: &Bars) -> u64 {
        whole(bars.frames(self.rate) * count).max(MIN_FRAMES)
    }

    /// A first take that is ended after `frames`: whole bars, the nearest number of them. What has
    /// gone by since must still be in the capture rings.
    fn first_length(&self, frames: u64, bars: &Bars) -> u64 {
        if !bars.tempo_is_told() {
            return frames.max(MIN_FRAMES);
        }
        let bar = bars.frames(self.rate);
        #[expect(clippy::cast_precision_loss, reason = "a take is far shorter than 2^53 frames")]
        let passed = frames as f64;
        let full = (passed / bar).floor();
        let late = passed - full * bar;
        let on_line = late <= (self.rate * GRACE_SECS).min(bar / 2.0);
        let count = if on_line { full } else { full + 1.0 };
        self.frames_of(count.max(1.0), bars)
    }

    fn go_round(&mut self, now: &Now, turn: &mut Turn) {
        let first_of = self.pos_before_the_end(now.frame);
        let other = match self.length {
            Length::Bars(count) => Some(self.frames_of(count, &now.bars)),
            Length::FirstTake | Length::Off => None,
        };
        let length = self.length;
        let State::Rounds { home, start, frames, made_of, records } = &mut self.state else {
            return;
        };
        let end = *start + *frames;
        if now.frame >= end {
            turn.late_frames = now.frame - end;
            turn.cuts = *records || now.on;
            *start = end;
            *records = now.on;
            if *made_of != length {
                *made_of = length;
                *frames = other.unwrap_or(*frames);
            }
            if now.due.rolling {
                turn.entry = Some(if turn.late_frames == 0 { Entry::Wraps } else { Entry::Jumps });
                turn.moved_from = (turn.late_frames > 0).then_some(first_of);
            }
        }
        turn.on = *records;
        let into = now.frame - *start;
        turn.limit = narrow(frames.saturating_sub(into));
        if now.due.rolling {
            turn.pos = home.saturating_add_unsigned(into);
        }
    }

    /// Where the timeline would be, had the round no end.
    fn pos_before_the_end(&self, frame: u64) -> i64 {
        match self.state {
            State::Rounds { home, start, .. } => home.saturating_add_unsigned(frame - start),
            _ => 0,
        }
    }
}

/// The nearest whole number of frames.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float beyond the range saturates; NaN gives 0"
)]
fn whole(frames: f64) -> u64 {
    frames.round() as u64
}

fn narrow(frames: u64) -> usize {
    usize::try_from(frames).unwrap_or(usize::MAX).max(1)
}
