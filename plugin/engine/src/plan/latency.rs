//! Leads and edge delays: how a graph with look-ahead inside reports latency 0 and still lands
//! every path on one frame. See DESIGN, section 4.

/// A node as this computation sees it: its look-ahead in frames, and the nodes it feeds
/// (none: it feeds an output). Nodes stand in order of dependency.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Look-ahead of its inserts.
    pub look_ahead_frames: u32,
    /// Indices of nodes downstream, all greater than its own.
    pub feeds: Vec<usize>,
}

/// What comes out for one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Frames its sources are read ahead of the host's position.
    pub lead_frames: u32,
    /// Delay on each of its edges, in the order of [`Node::feeds`].
    pub delays_frames: Vec<u32>,
}

/// The lead of each node is its own look-ahead and the largest lead among those it feeds; an edge
/// to a node that needs less is delayed by the difference.
#[must_use]
pub fn timings(nodes: &[Node]) -> Vec<Timing> {
    let mut out = vec![Timing::default(); nodes.len()];
    for (i, node) in nodes.iter().enumerate().rev() {
        let lead_of = |n: &usize| out.get(*n).map_or(0, |t| t.lead_frames);
        let after = node.feeds.iter().map(lead_of).max().unwrap_or(0);
        let delays_frames = node.feeds.iter().map(|n| after - lead_of(n)).collect();
        out[i] = Timing { lead_frames: after + node.look_ahead_frames, delays_frames };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Along every path, what is read ahead equals what is looked ahead and delayed.
        #[test]
        fn every_path_lands_on_one_frame(
            looks in prop::collection::vec(0u32..512, 1..12), bits: u64
        ) {
            let n = looks.len();
            let nodes: Vec<Node> = looks.iter().enumerate().map(|(i, l)| Node {
                look_ahead_frames: *l,
                feeds: (i + 1..n).filter(|j| bits >> ((i * 7 + j) % 64) & 1 == 1).collect(),
            }).collect();
            let t = timings(&nodes);
            fn walk(nodes: &[Node], t: &[Timing], i: usize, spent: u32, lead: u32) {
                let spent = spent + nodes[i].look_ahead_frames;
                if nodes[i].feeds.is_empty() {
                    assert_eq!(spent, lead);
                }
                for (to, delay) in nodes[i].feeds.iter().zip(&t[i].delays_frames) {
                    walk(nodes, t, *to, spent + delay, lead);
                }
            }
            for i in 0..n {
                walk(&nodes, &t, i, 0, t[i].lead_frames);
            }
        }
    }
}
