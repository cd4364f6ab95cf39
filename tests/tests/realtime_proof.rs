//! The proof is proved: RealtimeSanitizer, linked into this executable, must catch what an
//! unmodified library does. Without the feature `rtsan` only the plain half runs.

#[cfg(feature = "rtsan")]
mod sanitised {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use scenarios::proof;

    /// A library that knows nothing of the sanitizer, as the plugin does.
    const LIBRARY: &str = r#"
        #[unsafe(no_mangle)]
        pub extern "C" fn allocate() { drop(std::hint::black_box(vec![1u8; 100])); }
        #[unsafe(no_mangle)]
        pub extern "C" fn read_a_file() { let _ = std::fs::metadata("/"); let _ = std::fs::File::open("/"); }
        #[unsafe(no_mangle)]
        pub extern "C" fn sleep() { std::thread::sleep(std::time::Duration::from_millis(1)); }
        #[unsafe(no_mangle)]
        pub extern "C" fn wake() { std::thread::current().unpark(); static L: std::sync::Mutex<()> = std::sync::Mutex::new(()); static C: std::sync::Condvar = std::sync::Condvar::new(); let _g = L.lock(); C.notify_all(); }
        #[unsafe(no_mangle)]
        pub extern "C" fn compute() { std::hint::black_box((0..1000u32).sum::<u32>()); }
    "#;

    fn build(folder: &Path) -> PathBuf {
        let source = folder.join("plain.rs");
        let library = folder.join("libplain.so");
        std::fs::write(&source, LIBRARY).expect("a temporary folder");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = Command::new(rustc)
            .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
            .args([&library, &source])
            .output()
            .expect("rustc runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        library
    }

    /// The child: one call of the library under the sanitizer.
    fn call(library: &str, function: &str) {
        // SAFETY: the library above, whose functions have this type.
        unsafe {
            let library = libloading::Library::new(library).expect("it was built");
            let function =
                library.get::<extern "C" fn()>(function.as_bytes()).expect("it is exported");
            let function = *function;
            proof::enforce(|| function());
        }
    }

    #[test]
    fn allocations_files_and_sleeps_inside_a_plain_library_are_caught() {
        const CALL: &str = "STOWAWAY_PROOF_CALL";
        if let Ok(what) = std::env::var(CALL) {
            let (library, function) = what.rsplit_once(':').expect("library:function");
            return call(library, function);
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let library = build(folder.path());
        let this = std::env::current_exe().expect("this test");
        for (function, caught) in
            [("allocate", true), ("read_a_file", true), ("wake", true), ("compute", false)]
        {
            let run = Command::new(&this)
                .args([
                    "--exact",
                    "sanitised::allocations_files_and_sleeps_inside_a_plain_library_are_caught",
                ])
                .args(["--nocapture", "--test-threads", "1"])
                .env(CALL, format!("{}:{function}", library.display()))
                .output()
                .expect("this test starts itself");
            let said = String::from_utf8_lossy(&run.stderr);
            assert_eq!(said.contains("RealtimeSanitizer"), caught, "{function}: {said}");
            assert_eq!(run.status.success(), !caught, "{function}: {said}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_wait_inside_a_call_is_counted_by_the_kernel() {
    use scenarios::proof;
    if proof::SANITISED {
        return; // The sanitizer would end the process at the wait.
    }
    proof::start_meter(1);
    proof::enforce(|| std::thread::sleep(std::time::Duration::from_millis(2)));
    let meter = proof::take_meter().expect("started");
    assert!(meter.voluntary_switches >= 1, "{meter:?}");
}
