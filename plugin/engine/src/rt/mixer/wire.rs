//! `Through` and `Bypass`: the main input in the main output.

use super::{Chunk, Inputs, Mixer, Outs};
use crate::plan::{LiveInput, Part};
use crate::rt::ramp::Course;

impl Mixer {
    pub(super) fn pass_through(&mut self, chunk: Chunk, inputs: &Inputs, outs: &mut Outs<'_, '_>) {
        let Some(main) = outs.port(0, chunk.frames) else {
            self.through.skip(chunk.frames);
            return;
        };
        let mut at = 0;
        let [l, r] = main;
        while at < chunk.frames {
            let (n, course) = self.through.take(chunk.frames - at);
            for (c, out) in [&mut *l, &mut *r].into_iter().enumerate() {
                let input = LiveInput { port: 0, part: Part::Pair };
                let src = inputs.channel(input, c, chunk.at + at..chunk.at + at + n);
                let Some(out) = out.get_mut(at..at + n) else { continue };
                match course {
                    Course::Steady([0.0]) => {}
                    Course::Steady([g]) => {
                        self.k.mix(out, src, g);
                    }
                    Course::Moving { from: [from], step: [step], k0 } => {
                        self.k.mix_ramp(out, src, from, step, k0);
                    }
                }
            }
            at += n;
        }
    }

    pub(super) fn soft_bypass(&mut self, chunk: Chunk, inputs: &Inputs, outs: &mut Outs<'_, '_>) {
        if self.bypass.is_steady() && self.bypass.target() == [0.0] {
            return;
        }
        let mut at = 0;
        while at < chunk.frames {
            let (n, course) = self.bypass.take(chunk.frames - at);
            let ([from], [step], k0) = match course {
                Course::Steady(v) => (v, [0.0], 0),
                Course::Moving { from, step, k0 } => (from, step, k0),
            };
            for (p, port) in outs.ports.iter_mut().enumerate() {
                let Some(port) = port else { continue };
                for (c, out) in port.iter_mut().enumerate() {
                    let range = outs.at + at..outs.at + at + n;
                    let Some(out) = out.get_mut(range) else { continue };
                    if step == 0.0 && from >= 1.0 {
                        out.fill(0.0);
                    } else {
                        self.k.scale_ramp(out, 1.0 - from, -step, k0);
                    }
                    if p == 0 {
                        let input = LiveInput { port: 0, part: Part::Pair };
                        let src = inputs.channel(input, c, chunk.at + at..chunk.at + at + n);
                        self.k.mix_ramp(out, src, from, step, k0);
                    }
                }
            }
            at += n;
        }
    }
}
