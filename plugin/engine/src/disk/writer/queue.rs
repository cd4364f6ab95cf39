//! Encoded audio of one take on its way to the file: what the lane has not written yet. Silence
//! for missed frames is only counted here, so that an overrun costs no memory.

use std::collections::VecDeque;

/// A run of the file's data.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Encoded frames.
    Audio(Vec<u8>),
    /// So many bytes of zero.
    Silence(u64),
}

impl Piece {
    /// Its length in the file.
    pub fn len_bytes(&self) -> u64 {
        match self {
            Self::Audio(bytes) => bytes.len() as u64,
            Self::Silence(bytes) => *bytes,
        }
    }
}

/// Pieces in order, without gaps.
#[derive(Debug)]
pub struct Queue {
    pieces: VecDeque<Piece>,
    /// Where in the data the first piece begins.
    start_bytes: u64,
    /// Where the last one ends.
    end_bytes: u64,
    /// Bytes in memory, what the lane holds included.
    held_bytes: u64,
    /// Audio pieces are cut at this length: one write.
    piece_bytes: usize,
}

impl Queue {
    /// An empty queue at the start of the data; `piece_bytes` is a whole number of frames.
    pub fn new(piece_bytes: usize) -> Self {
        Self {
            pieces: VecDeque::new(),
            start_bytes: 0,
            end_bytes: 0,
            held_bytes: 0,
            piece_bytes: piece_bytes.max(1),
        }
    }

    /// Bytes that wait, silence included.
    pub fn waiting_bytes(&self) -> u64 {
        self.end_bytes - self.start_bytes
    }

    /// Where the data ends so far.
    #[cfg(test)]
    pub fn end_bytes(&self) -> u64 {
        self.end_bytes
    }

    /// Bytes in memory.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    /// The piece to encode into, and how many bytes it still takes (a multiple of what
    /// `piece_bytes` is a multiple of). `spare` gives empty buffers.
    pub fn tail(&mut self, spare: impl FnOnce() -> Vec<u8>) -> (&mut Vec<u8>, usize) {
        let full = match self.pieces.back() {
            Some(Piece::Audio(bytes)) => bytes.len() >= self.piece_bytes,
            _ => true,
        };
        if full {
            let mut bytes = spare();
            bytes.clear();
            bytes.reserve_exact(self.piece_bytes);
            self.pieces.push_back(Piece::Audio(bytes));
        }
        match self.pieces.back_mut() {
            Some(Piece::Audio(bytes)) => {
                let room = self.piece_bytes - bytes.len().min(self.piece_bytes);
                (bytes, room)
            }
            _ => unreachable!("the last piece was made audio above"),
        }
    }

    /// Counts what was encoded into the tail.
    pub fn grew(&mut self, bytes: usize) {
        self.end_bytes += bytes as u64;
        self.held_bytes += bytes as u64;
    }

    /// Appends zeros.
    pub fn push_silence(&mut self, bytes: u64) {
        if let Some(Piece::Silence(last)) = self.pieces.back_mut() {
            *last += bytes;
        } else if bytes > 0 {
            self.pieces.push_back(Piece::Silence(bytes));
        }
        self.end_bytes += bytes;
    }

    /// Takes pieces out for the lane: with where they begin. They stay counted as held until
    /// [`Queue::wrote`]. At most `cap_bytes`, but at least one piece.
    pub fn take(&mut self, cap_bytes: u64) -> (u64, Vec<Piece>) {
        let start = self.start_bytes;
        let mut out = Vec::new();
        while let Some(piece) = self.pieces.front() {
            if !out.is_empty() && self.start_bytes - start + piece.len_bytes() > cap_bytes {
                break;
            }
            self.start_bytes += piece.len_bytes();
            out.extend(self.pieces.pop_front());
        }
        (start, out)
    }

    /// The lane is done with audio of so many bytes.
    pub fn wrote(&mut self, audio_bytes: u64) {
        self.held_bytes = self.held_bytes.saturating_sub(audio_bytes);
    }

    /// Puts back what the lane could not write; `pieces` end where the queue begins.
    pub fn put_back(&mut self, pieces: Vec<Piece>) {
        for piece in pieces.into_iter().rev() {
            self.start_bytes -= piece.len_bytes();
            self.pieces.push_front(piece);
        }
    }

    /// Drops what lies beyond `end_bytes` of the data, as far as it is still here.
    pub fn truncate(&mut self, end_bytes: u64) {
        while self.end_bytes > end_bytes.max(self.start_bytes) {
            let surplus = self.end_bytes - end_bytes.max(self.start_bytes);
            let Some(last) = self.pieces.back_mut() else { break };
            let cut = surplus.min(last.len_bytes());
            match last {
                Piece::Audio(bytes) => {
                    bytes.truncate(bytes.len() - usize::try_from(cut).unwrap_or(bytes.len()));
                    self.held_bytes = self.held_bytes.saturating_sub(cut);
                }
                Piece::Silence(bytes) => *bytes -= cut,
            }
            if last.len_bytes() == 0 {
                self.pieces.pop_back();
            }
            self.end_bytes -= cut;
        }
    }

    /// Gives up all that waits here.
    pub fn clear(&mut self) {
        self.truncate(self.start_bytes);
        self.pieces.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Audio(usize),
        Silence(u64),
        Write { cap: u64, fails_after: usize },
        Truncate(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1usize..40).prop_map(Step::Audio),
            (0u64..50).prop_map(Step::Silence),
            (1u64..60, 0usize..5).prop_map(|(cap, fails_after)| Step::Write { cap, fails_after }),
            (0u64..30).prop_map(Step::Truncate),
        ]
    }

    proptest! {
        /// Against a plain list of bytes: whatever goes wrong in between, what was written and
        /// what waits are together what came in.
        #[test]
        fn nothing_is_lost_or_doubled(steps in prop::collection::vec(step(), 1..60)) {
            let mut queue = Queue::new(16);
            let (mut model, mut file, mut next) = (Vec::new(), Vec::new(), 1u8);
            for step in steps {
                match step {
                    Step::Audio(mut n) => while n > 0 {
                        let (tail, room) = queue.tail(Vec::new);
                        let now = n.min(room);
                        for _ in 0..now {
                            tail.push(next);
                            model.push(next);
                            next = next % 250 + 1;
                        }
                        queue.grew(now);
                        n -= now;
                    },
                    Step::Silence(n) => {
                        queue.push_silence(n);
                        model.extend((0..n).map(|_| 0));
                    }
                    Step::Write { cap, fails_after } => {
                        let (at, mut pieces) = queue.take(cap);
                        prop_assert_eq!(at, file.len() as u64);
                        let back = pieces.split_off(fails_after.min(pieces.len()));
                        for piece in pieces {
                            match piece {
                                Piece::Audio(bytes) => {
                                    queue.wrote(bytes.len() as u64);
                                    file.extend(bytes);
                                }
                                Piece::Silence(n) => file.extend((0..n).map(|_| 0)),
                            }
                        }
                        queue.put_back(back);
                    }
                    Step::Truncate(n) => {
                        let end = (model.len() as u64).saturating_sub(n);
                        queue.truncate(end);
                        let kept = usize::try_from(end).unwrap().max(file.len());
                        model.truncate(kept);
                    }
                }
                prop_assert_eq!(queue.end_bytes(), model.len() as u64);
                prop_assert_eq!(queue.waiting_bytes(), (model.len() - file.len()) as u64);
            }
            let (_, rest) = queue.take(u64::MAX);
            for piece in rest {
                match piece {
                    Piece::Audio(bytes) => {
                        queue.wrote(bytes.len() as u64);
                        file.extend(bytes);
                    }
                    Piece::Silence(n) => file.extend((0..n).map(|_| 0)),
                }
            }
            prop_assert_eq!(queue.held_bytes(), 0);
            prop_assert_eq!(file, model);
        }
    }
}
