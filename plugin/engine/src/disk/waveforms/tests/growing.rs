//! Takes that grow for long: what memory no longer has is read back from the file beside them.

use super::*;

/// A take of noise that grows on a disk, as the writer and its lanes have it.
struct Growing {
    builder: PeakBuilder,
    part: Option<part::Part>,
    frames: usize,
}

impl Growing {
    fn new(rig: &mut Rig, id: u64) -> Self {
        let mut source = source(id, &format!("Take {id}.wav"), 0, 2);
        source.growing = true;
        rig.session.sources.push(source);
        let storage: Arc<dyn Storage> = Arc::new(rig.faults.clone());
        let part = part::Part::of_take(&storage, &kept(&format!("Take {id}.wav"))).unwrap();
        Self { builder: PeakBuilder::tail(2, f32::INFINITY), part: Some(part), frames: 0 }
    }

    fn append(&mut self, page: &[u8]) {
        let part = self.part.take().unwrap().append(page).unwrap();
        let shelf = self.builder.peaks().shelf().unwrap();
        shelf.wrote(part.path(), part.bin_bytes() / 8);
        self.part = Some(part);
    }

    fn grow(&mut self, frames: usize) {
        let end = self.frames + frames;
        while self.frames < end {
            let to = end.min(self.frames + 10_000);
            let new: Vec<f32> =
                (self.frames..to).flat_map(|frame| [sample(0, frame), sample(1, frame)]).collect();
            self.builder.push_interleaved(&new);
            self.frames = to;
            while let Some(page) = self.builder.take_page() {
                self.append(&page);
            }
        }
    }

    fn tell(&self, rig: &Rig) {
        let live = [(rig.session.sources[0].id, Arc::clone(self.builder.peaks()))];
        rig.waveforms.set_sources(Some(Path::new(ROOT)), &rig.session, &live);
    }
}

/// Lowest and highest sample of a bin, to the rounding of its words.
fn is_bin_of(range: Option<[f32; 2]>, channel: usize, bin: usize) -> bool {
    let all = (bin * 64..bin * 64 + 64).map(|frame| sample(channel, frame));
    let (l, h) = all.fold((2.0f32, -2.0f32), |(l, h), x| (l.min(x), h.max(x)));
    range.is_some_and(|[low, high]| {
        low <= l && high >= h && low >= l - l.abs() / 64.0 && high <= h + h.abs() / 64.0
    })
}

#[test]
fn the_beginning_of_a_long_take_is_read_back_while_it_grows_and_after() {
    let mut rig = Rig::new(1 << 30);
    let mut take = Growing::new(&mut rig, 5);
    let id = SourceId(5);
    take.grow(3_000_000);
    take.tell(&rig);
    let look = |bin: usize, c: usize| {
        let peaks = rig.waveforms.peaks(id).unwrap();
        peaks.range(c, bin as u64 * 64, bin as u64 * 64 + 64)
    };
    // In steps, from the first bin to what only memory has.
    for bin in [3, 20_000, 30_001, 46_000] {
        until(|| (0..2).all(|c| is_bin_of(look(bin, c), c, bin)).then_some(()));
    }
    // It went on meanwhile: what was in memory then is in the file only now, also across the seam.
    take.grow(1_200_000);
    for bin in [47_000, 50_000, 3, 65_000] {
        until(|| (0..2).all(|c| is_bin_of(look(bin, c), c, bin)).then_some(()));
    }
    let peaks = rig.waveforms.peaks(id).unwrap();
    // A look at all of it asks for nothing (those above may have, while the worker was reading).
    until(|| (!peaks.is_missed()).then_some(()));
    let [low, high] = peaks.range(0, 10, 4_199_990).unwrap();
    assert!(low < -0.99 && high > 0.99 && !peaks.is_missed());

    // What was read back is given back where memory is needed.
    let older = peaks.older().unwrap();
    assert!(older.bytes() > 300_000 && peaks.older_bytes() == older.bytes());
    rig.waveforms.lock().entries.get_mut(&id).unwrap().drop_spare(None, None);
    assert_eq!(peaks.older_bytes(), 0);
    until(|| is_bin_of(look(9, 0), 0, 9).then_some(()));

    // The take ends: until its file has its name, nobody looks through the audio instead.
    rig.session.sources[0].growing = false;
    rig.session.sources[0].frames = 4_200_000;
    rig.disk.put("/takes/Take 5.wav", &wav(4_200_000, 2));
    rig.tell();
    peaks.set_older(None);
    look(9, 0);
    std::thread::sleep(Duration::from_millis(100));
    assert!(!is_bin_of(look(9, 0), 0, 9), "it is not there yet");
    let rest = take.builder.take_rest().unwrap();
    take.append(&rest);
    let audio = crate::media::probe::probe(&rig.disk, Path::new("/takes/Take 5.wav")).unwrap();
    take.part.take().unwrap().finish(&file::Audio::from(&audio)).unwrap();
    peaks.shelf().unwrap().end();
    rig.faults.set(|f| f.read_only = true);
    until(|| is_bin_of(look(9, 0), 0, 9).then_some(()));
    assert!(!rig.waveforms.peaks(id).unwrap().is_partial());
}

#[test]
fn a_growing_take_whose_file_hangs_or_lies_is_drawn_from_memory() {
    let mut rig = Rig::new(1 << 30);
    let mut take = Growing::new(&mut rig, 1);
    take.grow(1_000_000);
    take.tell(&rig);
    // Not what was written: no number at all.
    let part = rig.disk.files().into_iter().find(|p| p.to_string_lossy().ends_with(".part"));
    let mut bytes = rig.disk.bytes(part.as_ref().unwrap()).unwrap();
    bytes[64..].fill(0xff);
    rig.disk.put(part.unwrap(), &bytes);
    let look = || rig.waveforms.peaks(SourceId(1)).unwrap().range(0, 0, 64);
    let coarse = look().unwrap();
    assert!(!is_bin_of(Some(coarse), 0, 0));
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(look(), Some(coarse));
    rig.faults.set(|f| f.hung = true);
    let begin = Instant::now();
    (0..100).for_each(|_| assert_eq!(look(), Some(coarse)));
    assert!(begin.elapsed() < Duration::from_secs(1));
    rig.faults.set(|f| f.hung = false);
}
