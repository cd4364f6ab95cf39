//! A state stream in memory.

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use vst3::Class;
use vst3::Steinberg::IBStream_::IStreamSeekMode_::{kIBSeekCur, kIBSeekEnd};
use vst3::Steinberg::{IBStream, IBStreamTrait, kInvalidArgument, kResultOk, tresult};

#[derive(Default)]
pub(super) struct Stream(Mutex<(Vec<u8>, usize)>);

impl Stream {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Mutex::new((bytes, 0)))
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, n: i32, read: *mut i32) -> tresult {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, pos) = &mut *guard;
        let rest = bytes.get(*pos..).unwrap_or_default();
        let n = usize::try_from(n).unwrap_or(0).min(rest.len());
        // SAFETY: the caller gives room for the bytes it asks for; `read` may be null.
        unsafe {
            std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), n);
            if let Some(read) = read.as_mut() {
                *read = super::int(n);
            }
        }
        *pos += n;
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, n: i32, written: *mut i32) -> tresult {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, pos) = &mut *guard;
        let n = usize::try_from(n).unwrap_or(0);
        let end = *pos + n;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        // SAFETY: the caller gives the bytes it says; `written` may be null.
        unsafe {
            std::ptr::copy_nonoverlapping(buffer.cast(), bytes[*pos..end].as_mut_ptr(), n);
            if let Some(written) = written.as_mut() {
                *written = super::int(n);
            }
        }
        *pos = end;
        kResultOk
    }

    #[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
    unsafe fn seek(&self, offset: i64, mode: i32, result: *mut i64) -> tresult {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, pos) = &mut *guard;
        let base = match mode {
            m if m == kIBSeekCur as i32 => *pos,
            m if m == kIBSeekEnd as i32 => bytes.len(),
            _ => 0,
        };
        let Some(to) = i64::try_from(base)
            .ok()
            .and_then(|b| b.checked_add(offset))
            .and_then(|p| usize::try_from(p).ok())
        else {
            return kInvalidArgument;
        };
        *pos = to;
        // SAFETY: null or a place for the position.
        unsafe {
            if let Some(result) = result.as_mut() {
                *result = i64::try_from(to).unwrap_or(i64::MAX);
            }
        }
        kResultOk
    }

    unsafe fn tell(&self, pos: *mut i64) -> tresult {
        // SAFETY: null or a place for the position.
        unsafe { self.seek(0, kIBSeekCur as _, pos) }
    }
}
