//! The driver against a plugin of ten lines: a wire that writes down what it was told.

use super::*;
use crate::audio::{Counter, assert_same, assert_silent};

/// Copies port 0 in to port 0 out.
#[derive(Default)]
struct Plain {
    blocks: Vec<HostBlock>,
}

impl Audio for Plain {
    fn process(&mut self, block: &HostBlock, wires: &mut Wires) -> Status {
        wires.prepare(block.frames);
        self.blocks.push(block.clone());
        for c in 0..2 {
            let input = wires.input_mut(0, c, block.frames).to_vec();
            wires.write_output(0, c, &input);
        }
        Status::Continue
    }

    fn reset(&mut self) {}
}

fn roll(sizes: Sizes) -> Roll {
    let mut roll = Roll::new(48_000.0, 1, 1, sizes);
    roll.listen(&[0]);
    roll.feed(0, Arc::new(Counter { port: 0 }), Clock::Position);
    roll
}

#[test]
fn positions_follow_the_blocks_and_parked_time_is_silent() {
    let (mut plain, mut roll) = (Plain::default(), roll(Sizes::Random { max: 97, seed: 1 }));
    roll.park(&mut plain, 100);
    roll.locate(-300);
    roll.play(&mut plain, 1_000);
    let expected = Counter { port: 0 }.stretch(1, -300, 1_000);
    assert_same("rolled", &roll.heard.at(0, 1, -300, 1_000), &expected);
    assert_silent("parked", &roll.heard.all(0, 1)[..100]);
    assert_eq!((roll.pos(), roll.stream()), (700, 1_100));
    let mut at = -300.0;
    for block in plain.blocks.iter().filter(|b| b.transport.is_some_and(|t| t.playing)) {
        assert_eq!(block.transport.and_then(|t| t.pos_frames), Some(at));
        at += block.frames as f64;
    }
}

#[test]
fn a_loop_wraps_at_the_edge_or_inside() {
    for (wrap, blocks) in [(Wrap::AtBlockEdge, 5), (Wrap::InBlock, 4), (Wrap::InBlockWithEvent, 4)]
    {
        let (mut plain, mut roll) = (Plain::default(), roll(Sizes::Fixed(64)));
        roll.loop_frames = Some((100, 200));
        roll.wrap = wrap;
        roll.locate(100);
        roll.play(&mut plain, 256);
        assert_eq!(plain.blocks.len(), blocks, "{wrap:?}");
        let heard = roll.heard.all(0, 0).iter().map(|s| Counter::read(*s).expect("counter").frame);
        let expected = (0..256).map(|i| 100 + i % 100);
        assert!(heard.eq(expected), "{wrap:?}");
        assert_eq!(roll.pos(), 156);
        let events: Vec<_> = plain.blocks.iter().flat_map(|b| &b.events).collect();
        if wrap == Wrap::InBlockWithEvent {
            assert_eq!(events.len(), 2);
            assert_eq!(events[0].offset, 36);
            assert!(
                matches!(events[0].kind, EventKind::Transport(t) if t.pos_frames == Some(100.0))
            );
        } else {
            assert!(events.is_empty());
        }
    }
}

#[test]
fn automation_lands_on_its_frame_in_every_pass_of_a_loop() {
    let (mut plain, mut roll) = (Plain::default(), roll(Sizes::Fixed(64)));
    roll.loop_frames = Some((0, 100));
    roll.wrap = Wrap::InBlock;
    roll.automate(ParamId(7), vec![(10, 0.5)]);
    roll.play(&mut plain, 220);
    let mut at = 0;
    let mut heard = Vec::new();
    for block in &plain.blocks {
        heard.extend(block.events.iter().map(|e| at + e.offset as usize));
        at += block.frames;
    }
    assert_eq!(heard, [10, 110, 210]);
}

#[test]
fn twice_real_time_takes_half_as_long() {
    let (mut plain, mut roll) = (Plain::default(), roll(Sizes::Fixed(480)));
    roll.set_pace(Pace::Times(2.0));
    let start = Instant::now();
    roll.play(&mut plain, 9_600);
    let took = start.elapsed();
    // The last of 20 blocks starts after 19 x 5 ms; a machine under load may be late, never early.
    assert!(took >= Duration::from_millis(94), "{took:?}");
}
