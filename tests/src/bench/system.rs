//! What the kernel knows of this process and of those it started. Only Linux tells all of it;
//! elsewhere it is an error, and the part is not measured.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// The processor's name.
pub fn cpu_name() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|l| l.strip_prefix("model name")?.split_once(':'))
        .map_or_else(|| "unknown processor".into(), |(_, name)| name.trim().to_owned())
}

/// Runs a program and gives the CPU time it took, user and system, in seconds.
///
/// # Errors
/// A sentence, when it failed.
pub fn cpu_secs_of(command: &mut Command) -> Result<f64, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let before = children_cpu_secs()?;
    let run = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{name} cannot be started: {e}."))?;
    let cpu_secs = children_cpu_secs()? - before;
    if run.status.success() {
        Ok(cpu_secs)
    } else {
        let said = String::from_utf8_lossy(&run.stderr);
        Err(format!("{name} failed ({}): {}", run.status, said.trim()))
    }
}

#[cfg(unix)]
fn children_cpu_secs() -> Result<f64, String> {
    // SAFETY: a struct of plain numbers, which the call fills.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let secs = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    Ok(secs(usage.ru_utime) + secs(usage.ru_stime))
}

#[cfg(not(unix))]
fn children_cpu_secs() -> Result<f64, String> {
    Err("this system does not tell how much time programs took.".into())
}

/// Memory of this process that is really there, in bytes.
///
/// # Errors
/// Where the system does not tell.
pub fn resident_bytes() -> Result<u64, String> {
    field("/proc/self/status", "VmRSS:").map(|kib| kib * 1_024)
}

/// Bytes that this process gave to the system to write.
///
/// # Errors
/// Where the system does not tell.
pub fn written_bytes() -> Result<u64, String> {
    field("/proc/self/io", "wchar:")
}

/// The number after a name in one of the kernel's files.
fn field(path: &str, name: &str) -> Result<u64, String> {
    std::fs::read_to_string(path)
        .ok()
        .and_then(|text| {
            let value = text.lines().find_map(|l| l.strip_prefix(name))?;
            value.split_whitespace().next()?.parse().ok()
        })
        .ok_or_else(|| format!("this system has no {name} in {path}."))
}

/// CPU time of each kind of thread of this process so far, in seconds, by its name. Threads that
/// ended are not in it.
///
/// # Errors
/// Where the system does not tell.
pub fn thread_cpu_secs() -> Result<BTreeMap<String, f64>, String> {
    let mut all = BTreeMap::new();
    let tasks = std::fs::read_dir("/proc/self/task")
        .map_err(|e| format!("this system does not tell of threads: {e}."))?;
    for task in tasks.flatten() {
        // It may end at any moment.
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).ok();
        let (Some(name), Some(times)) = (read("comm"), read("schedstat")) else { continue };
        let on_cpu_ns = times.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok());
        *all.entry(name.trim().to_owned()).or_default() += on_cpu_ns.unwrap_or(0.0) / 1e9;
    }
    Ok(all)
}

/// How many threads this process has.
///
/// # Errors
/// Where the system does not tell.
pub fn threads() -> Result<u64, String> {
    field("/proc/self/status", "Threads:")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_programs_time_and_its_failure_are_seen() {
        let mut busy = Command::new("sh");
        busy.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        let secs = cpu_secs_of(&mut busy).expect("a loop");
        assert!((0.005..20.0).contains(&secs), "{secs}");
        let failed = cpu_secs_of(Command::new("sh").args(["-c", "echo no >&2; exit 3"]));
        assert!(failed.is_err_and(|why| why.contains("no")));
    }

    #[test]
    fn the_kernel_tells_of_memory_writes_and_threads() {
        let before = (resident_bytes().expect("Linux"), written_bytes().expect("Linux"));
        let memory = std::hint::black_box(vec![1u8; 32 << 20]);
        std::fs::write("/dev/null", &memory[..1_000]).expect("it takes everything");
        assert!(resident_bytes().expect("Linux") >= before.0 + (24 << 20));
        assert!(written_bytes().expect("Linux") >= before.1 + 1_000);
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("bench busy".into())
            .spawn(move || while stopped.try_recv().is_err() {})
            .expect("a thread");
        std::thread::sleep(std::time::Duration::from_millis(50));
        let busy = thread_cpu_secs().expect("Linux").get("bench busy").copied();
        stop.send(()).expect("it waits");
        thread.join().expect("it ends");
        assert!(busy.is_some_and(|secs| secs > 0.005), "{busy:?}");
    }
}
