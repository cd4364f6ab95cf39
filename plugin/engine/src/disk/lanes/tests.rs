use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;

use super::*;

const SOON: Duration = Duration::from_secs(30);

fn quick() -> LanesConfig {
    LanesConfig { stuck_after: Duration::from_millis(30), ..LanesConfig::default() }
}

#[test]
fn jobs_of_a_lane_run_in_order_and_never_together() {
    let lanes = Lanes::new(LanesConfig { threads: 4, ..quick() }).unwrap();
    let (tx, rx) = mpsc::channel();
    let inside: Arc<[Mutex<()>; 3]> = Arc::default();
    for n in 0..600 {
        let (tx, inside) = (tx.clone(), Arc::clone(&inside));
        lanes.submit(n % 3, move || {
            let alone = inside[(n % 3) as usize].try_lock().is_ok();
            std::thread::yield_now();
            tx.send((n, alone)).unwrap();
        });
    }
    let mut last = [None; 3];
    for _ in 0..600 {
        let (n, alone) = rx.recv_timeout(SOON).unwrap();
        assert!(alone);
        assert!(last[(n % 3) as usize] < Some(n), "job {n} overtook another");
        last[(n % 3) as usize] = Some(n);
    }
}

#[test]
fn hanging_lanes_stop_nobody_else_until_all_workers_hang() {
    let lanes = Lanes::new(quick()).unwrap();
    let mut held = Vec::new();
    let (tx, rx) = mpsc::channel();
    for lane in 0..7 {
        let (release, gate) = mpsc::channel::<()>();
        held.push(release);
        lanes.submit(lane, move || {
            let _ = gate.recv();
        });
        let tx = tx.clone();
        lanes.submit(100 + lane, move || tx.send(lane).unwrap());
        assert_eq!(rx.recv_timeout(SOON), Ok(lane), "lane {lane} hangs and took others along");
    }
    // A lane that hangs keeps its own order.
    let again = tx.clone();
    lanes.submit(0, move || again.send(99).unwrap());
    assert_eq!(rx.recv_timeout(Duration::from_millis(100)), Err(RecvTimeoutError::Timeout));
    assert_eq!(lanes.pending(0), 2);
    drop(held);
    assert_eq!(rx.recv_timeout(SOON), Ok(99));
    // The extra workers leave when their calls return.
    let until = Instant::now() + SOON;
    while lanes.shared.lock().workers.len() > 2 {
        assert!(Instant::now() < until, "replaced workers stayed");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn closing_drops_what_waits_and_does_not_wait_for_what_hangs() {
    let config = LanesConfig { close_within: Duration::from_millis(100), threads: 1, ..quick() };
    let lanes = Lanes::new(LanesConfig { max_threads: 1, ..config }).unwrap();
    let (release, gate) = mpsc::channel::<()>();
    let (started, go) = mpsc::channel();
    lanes.submit(1, move || {
        started.send(()).unwrap();
        let _ = gate.recv();
    });
    go.recv_timeout(SOON).unwrap();
    let (tx, rx) = mpsc::channel::<()>();
    lanes.submit(1, move || tx.send(()).unwrap());
    let begun = Instant::now();
    drop(lanes);
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(rx.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected));
    drop(release);
}

#[test]
fn a_panic_in_a_job_costs_that_job_alone() {
    let lanes = Lanes::new(LanesConfig { threads: 1, ..quick() }).unwrap();
    let (tx, rx) = mpsc::channel();
    // `resume_unwind` keeps the panic hook, and so the test's output, quiet.
    lanes.submit(1, || std::panic::resume_unwind(Box::new("on purpose")));
    lanes.submit(1, move || tx.send(()).unwrap());
    assert_eq!(rx.recv_timeout(SOON), Ok(()));
    assert_eq!(lanes.panics(), 1);
}
