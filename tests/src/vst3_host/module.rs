//! A VST3 bundle's library: where it lies on each system, entry, exit, and its factory.

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use libloading::Library;
use vst3::Steinberg::Vst::IComponent;
use vst3::Steinberg::{IPluginFactory, IPluginFactoryTrait, kResultOk};
use vst3::{ComPtr, Interface};

pub(super) use system::library;

/// A loaded bundle; entered once however many instances it has, left with the last.
pub(super) struct Module {
    library: Library,
    path: PathBuf,
}

impl Module {
    /// Loads a bundle, or finds it loaded.
    pub fn load(bundle: &Path) -> Result<Arc<Self>, String> {
        static LOADED: OnceLock<Mutex<HashMap<PathBuf, Weak<Module>>>> = OnceLock::new();
        let mut loaded =
            LOADED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded.get(bundle).and_then(Weak::upgrade) {
            return Ok(module);
        }
        let path = system::library(bundle);
        // SAFETY: loading a plugin runs its code; that is what these tests are for.
        let library = unsafe { system::open(&path) }
            .map_err(|e| format!("{} cannot be loaded: {e}.", path.display()))?;
        let module = Arc::new(Self { library, path });
        loaded.insert(bundle.to_owned(), Arc::downgrade(&module));
        Ok(module)
    }

    fn factory(&self) -> Result<ComPtr<IPluginFactory>, String> {
        type GetFactory = unsafe extern "system" fn() -> *mut IPluginFactory;
        // SAFETY: the symbol has this type in every VST3 library; the pointer comes with a
        // reference that the `ComPtr` gives back.
        unsafe {
            let get = self
                .library
                .get::<GetFactory>(b"GetPluginFactory\0")
                .map_err(|e| format!("{} is no VST3 library: {e}.", self.path.display()))?;
            ComPtr::from_raw(get())
        }
        .ok_or_else(|| format!("{} gave no factory.", self.path.display()))
    }

    /// Creates a component of a class.
    pub fn create(&self, class: &[u8; 16]) -> Result<ComPtr<IComponent>, String> {
        let factory = self.factory()?;
        let mut object: *mut c_void = std::ptr::null_mut();
        // SAFETY: both ids are 16 bytes; the object comes with a reference.
        unsafe {
            let result = factory.createInstance(
                class.as_ptr().cast(),
                IComponent::IID.as_ptr().cast(),
                &raw mut object,
            );
            (result == kResultOk).then(|| ComPtr::from_raw(object.cast())).flatten()
        }
        .ok_or_else(|| {
            format!("{} has no class {}.", self.path.display(), String::from_utf8_lossy(class))
        })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the last instance is gone.
        unsafe { system::close(&self.library) };
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
mod system {
    use super::{Library, Path, PathBuf, c_void};

    pub fn library(bundle: &Path) -> PathBuf {
        let name = bundle.file_stem().unwrap_or_default();
        let folder = format!("{}-linux", std::env::consts::ARCH);
        bundle.join("Contents").join(folder).join(name).with_extension("so")
    }

    /// # Safety
    /// Runs the library's code.
    pub unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
        use libloading::os::unix;
        // SAFETY: the caller's. `ModuleEntry` gets the handle, as the specification says; it is
        // not owned by it.
        unsafe {
            let handle = unix::Library::new(path)?.into_raw();
            let library = unix::Library::from_raw(handle);
            let entry =
                library.get::<unsafe extern "system" fn(*mut c_void) -> bool>(b"ModuleEntry\0")?;
            assert!(entry(handle), "ModuleEntry of {} answered false", path.display());
            Ok(library.into())
        }
    }

    /// # Safety
    /// Nothing of the library is in use.
    pub unsafe fn close(library: &Library) {
        // SAFETY: the caller's.
        unsafe {
            if let Ok(exit) = library.get::<unsafe extern "system" fn() -> bool>(b"ModuleExit\0") {
                exit();
            }
        }
    }
}

#[cfg(target_os = "macos")]
mod system {
    use super::{Library, Path, PathBuf, c_void};

    pub fn library(bundle: &Path) -> PathBuf {
        bundle.join("Contents/MacOS").join(bundle.file_stem().unwrap_or_default())
    }

    /// # Safety
    /// Runs the library's code.
    pub unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
        // SAFETY: the caller's. The bundle reference may be null for a plugin that reads no
        // resources from its bundle, and ours does not.
        unsafe {
            let library = Library::new(path)?;
            let entry =
                library.get::<unsafe extern "system" fn(*mut c_void) -> bool>(b"bundleEntry\0")?;
            assert!(entry(std::ptr::null_mut()), "bundleEntry answered false");
            Ok(library)
        }
    }

    /// # Safety
    /// Nothing of the library is in use.
    pub unsafe fn close(library: &Library) {
        // SAFETY: the caller's.
        unsafe {
            if let Ok(exit) = library.get::<unsafe extern "system" fn() -> bool>(b"bundleExit\0") {
                exit();
            }
        }
    }
}

#[cfg(windows)]
mod system {
    use super::{Library, Path, PathBuf};

    pub fn library(bundle: &Path) -> PathBuf {
        let folder = format!("{}-win", std::env::consts::ARCH);
        bundle.join("Contents").join(folder).join(bundle.file_name().unwrap_or_default())
    }

    /// # Safety
    /// Runs the library's code.
    pub unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
        // SAFETY: the caller's. `InitDll` is optional.
        unsafe {
            let library = Library::new(path)?;
            if let Ok(init) = library.get::<unsafe extern "system" fn() -> bool>(b"InitDll\0") {
                assert!(init(), "InitDll answered false");
            }
            Ok(library)
        }
    }

    /// # Safety
    /// Nothing of the library is in use.
    pub unsafe fn close(library: &Library) {
        // SAFETY: the caller's.
        unsafe {
            if let Ok(exit) = library.get::<unsafe extern "system" fn() -> bool>(b"ExitDll\0") {
                exit();
            }
        }
    }
}
