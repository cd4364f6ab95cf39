//! What was heard: every frame of the outputs listened to, with its timeline position.

use crate::wires::Wires;

/// A stretch of output that was contiguous on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    /// Timeline position of its first frame.
    pos: i64,
    /// Frames heard before it.
    from: usize,
    frames: usize,
    playing: bool,
}

/// Outputs since listening began.
#[derive(Default)]
pub struct Heard {
    ports: Vec<(usize, [Vec<f32>; 2])>,
    stretches: Vec<Stretch>,
    frames: usize,
}

impl Heard {
    pub(super) fn new(ports: &[usize]) -> Self {
        Self {
            ports: ports.iter().map(|p| (*p, [Vec::new(), Vec::new()])).collect(),
            ..Self::default()
        }
    }

    pub(super) fn take(
        &mut self,
        wires: &Wires,
        block_frames: usize,
        offset: usize,
        frames: usize,
        pos: i64,
        playing: bool,
    ) {
        for (port, channels) in &mut self.ports {
            for (c, samples) in channels.iter_mut().enumerate() {
                let out = wires.output(*port, c, block_frames);
                samples.extend_from_slice(&out[offset..offset + frames]);
            }
        }
        self.stretches.push(Stretch { pos, from: self.frames, frames, playing });
        self.frames += frames;
    }

    /// Frames heard.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// All of one channel of a port, in the order in which it was heard.
    ///
    /// # Panics
    /// If nobody listened to that port.
    #[must_use]
    pub fn all(&self, port: usize, channel: usize) -> &[f32] {
        let found = self.ports.iter().find(|(p, _)| *p == port);
        &found.unwrap_or_else(|| panic!("nobody listened to output port {port}")).1[channel]
    }

    /// A stretch of the timeline as it was heard the last time the host rolled over it.
    ///
    /// # Panics
    /// If the host never rolled over all of it.
    #[must_use]
    pub fn at(&self, port: usize, channel: usize, pos: i64, frames: usize) -> Vec<f32> {
        let all = self.all(port, channel);
        let mut samples: Vec<Option<f32>> = vec![None; frames];
        for stretch in self.stretches.iter().rev().filter(|s| s.playing) {
            for i in 0..stretch.frames {
                let at = stretch.pos + i64::try_from(i).unwrap_or(0) - pos;
                let slot = usize::try_from(at).ok().and_then(|at| samples.get_mut(at));
                if let Some(slot @ None) = slot {
                    *slot = Some(all[stretch.from + i]);
                }
            }
        }
        samples
            .into_iter()
            .enumerate()
            .map(|(i, s)| {
                s.unwrap_or_else(|| {
                    panic!(
                        "the host never rolled over frame {}",
                        pos + i64::try_from(i).unwrap_or(0)
                    )
                })
            })
            .collect()
    }
}
