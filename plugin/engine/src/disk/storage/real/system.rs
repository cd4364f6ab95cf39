//! What differs between Linux, macOS and Windows below [`super::RealStorage`].

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::super::Advice;

/// Opening a pipe must not wait for its other end. Plain files do not notice.
#[cfg(unix)]
pub fn nonblocking(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    options.custom_flags(i32::from_ne_bytes(flags.to_ne_bytes()))
}

#[cfg(unix)]
pub fn read_at(file: &File, offset_bytes: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset_bytes)
}

#[cfg(unix)]
pub fn write_all_at(file: &File, offset_bytes: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset_bytes)
}

/// On Unix the name of a file is durable once its folder is.
#[cfg(unix)]
pub fn sync_dir(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some network file systems cannot; there is nothing else to try.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

#[cfg(windows)]
pub fn nonblocking(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(windows)]
pub fn read_at(file: &File, offset_bytes: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset_bytes)
}

#[cfg(windows)]
pub fn write_all_at(file: &File, mut offset_bytes: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, offset_bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = &bytes[n..];
                offset_bytes += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// NTFS journals its names: nothing to do.
#[cfg(windows)]
pub fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
pub fn preallocate(file: &File, offset_bytes: u64, len_bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::KEEP_SIZE, offset_bytes, len_bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        other => Ok(other?),
    }
}

/// The calls of the other systems change the length or cannot be undone: a truthful length is
/// worth more than an early word about a full disk.
#[cfg(not(target_os = "linux"))]
pub fn preallocate(_file: &File, _offset_bytes: u64, _len_bytes: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
pub fn advise(file: &File, advice: Advice, offset_bytes: u64, len_bytes: u64) {
    let advice = match advice {
        Advice::WillNeed => rustix::fs::Advice::WillNeed,
        Advice::Sequential => rustix::fs::Advice::Sequential,
        Advice::DontNeed => rustix::fs::Advice::DontNeed,
    };
    // A hint that the system refuses costs nothing.
    let _ = rustix::fs::fadvise(file, offset_bytes, std::num::NonZeroU64::new(len_bytes), advice);
}

#[cfg(not(target_os = "linux"))]
pub fn advise(_file: &File, _advice: Advice, _offset_bytes: u64, _len_bytes: u64) {}
