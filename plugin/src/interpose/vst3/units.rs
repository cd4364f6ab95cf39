//! `IUnitInfo` and `IInfoListener`: the tree of parameters and the track's name, as the framework
//! knows them.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, CString, ChannelContext::IInfoListenerTrait, IAttributeList, IUnitInfoTrait,
    MediaType, ProgramListID, ProgramListInfo, String128, UnitID, UnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{IBStream, int16, int32, kInternalError, tresult};

use super::component::Component;
use crate::ports::Layout;

// Every method is handed on with the host's own arguments, whose validity is the host's affair.
impl<L: Layout> IUnitInfoTrait for Component<L> {
    unsafe fn getUnitCount(&self) -> int32 {
        // SAFETY: handed on.
        self.guard(0, || unsafe { self.inner.getUnitCount() })
    }

    unsafe fn getUnitInfo(&self, index: int32, info: *mut UnitInfo) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getUnitInfo(index, info) })
    }

    unsafe fn getProgramListCount(&self) -> int32 {
        // SAFETY: handed on.
        self.guard(0, || unsafe { self.inner.getProgramListCount() })
    }

    unsafe fn getProgramListInfo(&self, index: int32, info: *mut ProgramListInfo) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getProgramListInfo(index, info) })
    }

    unsafe fn getProgramName(
        &self,
        list: ProgramListID,
        index: int32,
        name: *mut String128,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getProgramName(list, index, name) })
    }

    unsafe fn getProgramInfo(
        &self,
        list: ProgramListID,
        index: int32,
        attribute: CString,
        value: *mut String128,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe {
            self.inner.getProgramInfo(list, index, attribute, value)
        })
    }

    unsafe fn hasProgramPitchNames(&self, list: ProgramListID, index: int32) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.hasProgramPitchNames(list, index) })
    }

    unsafe fn getProgramPitchName(
        &self,
        list: ProgramListID,
        index: int32,
        pitch: int16,
        name: *mut String128,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe {
            self.inner.getProgramPitchName(list, index, pitch, name)
        })
    }

    unsafe fn getSelectedUnit(&self) -> UnitID {
        // SAFETY: handed on.
        self.guard(0, || unsafe { self.inner.getSelectedUnit() })
    }

    unsafe fn selectUnit(&self, unit: UnitID) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.selectUnit(unit) })
    }

    unsafe fn getUnitByBus(
        &self,
        media: MediaType,
        direction: BusDirection,
        bus: int32,
        channel: int32,
        unit: *mut UnitID,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe {
            self.inner.getUnitByBus(media, direction, bus, channel, unit)
        })
    }

    unsafe fn setUnitProgramData(
        &self,
        list_or_unit: int32,
        index: int32,
        data: *mut IBStream,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe {
            self.inner.setUnitProgramData(list_or_unit, index, data)
        })
    }
}

impl<L: Layout> IInfoListenerTrait for Component<L> {
    unsafe fn setChannelContextInfos(&self, list: *mut IAttributeList) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.setChannelContextInfos(list) })
    }
}
