//! The list of plugins for a VST3 host. `Stowaway` comes first: some hosts take the first class
//! without asking.

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use nice_plug::wrapper::vst3::PluginInfo;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IPluginFactory, IPluginFactory2, IPluginFactory2Trait, IPluginFactory3,
    IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo,
    TUID, int32, kInvalidArgument, kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::component::Component;
use crate::face::Face;
use crate::ports::{Instrument, Layout, Multi, Stereo};

type Create = fn(Option<&ComPtr<FUnknown>>) -> Option<ComPtr<FUnknown>>;

pub(super) struct Factory {
    classes: [(PluginInfo, Create); 3],
    /// What the host offers to all plugins of this module.
    context: Mutex<Option<ComPtr<FUnknown>>>,
}

impl Factory {
    pub fn new() -> Self {
        fn class<L: Layout>() -> (PluginInfo, Create) {
            (PluginInfo::for_plugin::<Face<L>>(), create::<L>)
        }
        Self {
            classes: [class::<Multi>(), class::<Stereo>(), class::<Instrument>()],
            context: Mutex::new(None),
        }
    }

    fn info(&self, index: int32) -> Option<&PluginInfo> {
        Some(&self.classes.get(usize::try_from(index).ok()?)?.0)
    }
}

fn create<L: Layout>(context: Option<&ComPtr<FUnknown>>) -> Option<ComPtr<FUnknown>> {
    ComWrapper::new(Component::<L>::new(context)?).to_com_ptr::<FUnknown>()
}

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Writes an answer to the host's memory.
fn give<T>(to: *mut T, what: Option<T>) -> tresult {
    match what {
        Some(what) if !to.is_null() => {
            // SAFETY: the host's memory for one of these.
            unsafe { to.write(what) };
            kResultOk
        }
        _ => kInvalidArgument,
    }
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        give(info, self.info(0).map(PluginInfo::create_factory_info))
    }

    unsafe fn countClasses(&self) -> int32 {
        int32::try_from(self.classes.len()).unwrap_or(0)
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        give(info, self.info(index).map(PluginInfo::create_class_info))
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class.is_null() || interface.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: hosts hand over the 16 bytes of an id.
        let id = unsafe { &*class.cast::<[u8; 16]>() };
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let made = self
            .classes
            .iter()
            .find(|(info, _)| info.cid == id)
            .and_then(|(_, create)| create(context.as_ref()));
        let Some(made) = made else { return kInvalidArgument };
        let made = made.as_ptr();
        // SAFETY: our own object; the host's memory for the answer.
        unsafe { ((*(*made).vtbl).queryInterface)(made, interface.cast::<TUID>(), object) }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        give(info, self.info(index).map(PluginInfo::create_class_info_2))
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        give(info, self.info(index).map(PluginInfo::create_class_info_unicode))
    }

    unsafe fn setHostContext(&self, context: *mut FUnknown) -> tresult {
        // SAFETY: null or the host's object.
        let context = unsafe { ComRef::from_raw(context) }.map(|c| c.to_com_ptr());
        *self.context.lock().unwrap_or_else(PoisonError::into_inner) = context;
        kResultOk
    }
}
