//! Parameter changes of one VST3 block: the list that goes in, and the sink for what comes out.

use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID,
};
use vst3::Steinberg::{kInvalidArgument, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

use crate::script::{Event, EventKind, ParamId};

/// The points of one parameter.
struct Queue {
    id: u32,
    points: Vec<(i32, f64)>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> i32 {
        super::int(self.points.len())
    }

    unsafe fn getPoint(&self, index: i32, offset: *mut i32, value: *mut f64) -> tresult {
        let point = usize::try_from(index).ok().and_then(|i| self.points.get(i));
        // SAFETY: places for the answers, or null.
        match (point, unsafe { offset.as_mut() }, unsafe { value.as_mut() }) {
            (Some(point), Some(offset), Some(value)) => {
                (*offset, *value) = *point;
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    // What the plugin sends out is taken and forgotten.
    unsafe fn addPoint(&self, _offset: i32, _value: f64, index: *mut i32) -> tresult {
        // SAFETY: a place for the index, or null.
        if let Some(index) = unsafe { index.as_mut() } {
            *index = 0;
        }
        kResultOk
    }
}

/// The changes of one block.
pub(super) struct Changes {
    queues: Vec<ComPtr<IParamValueQueue>>,
    /// Takes what the plugin sends, without allocating on the audio thread.
    sink: Option<ComPtr<IParamValueQueue>>,
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl Changes {
    /// The list that goes in.
    pub fn input(events: &[Event]) -> ComWrapper<Self> {
        let mut queues: Vec<Queue> = Vec::new();
        for event in events {
            let EventKind::Param(ParamId(id), value) = event.kind else {
                panic!("VST3 has no transport events in mid-block: split the block there");
            };
            let point = (i32::try_from(event.offset).unwrap_or(i32::MAX), value);
            match queues.iter_mut().find(|q| q.id == id) {
                Some(queue) => queue.points.push(point),
                None => queues.push(Queue { id, points: vec![point] }),
            }
        }
        let queues = queues.into_iter().filter_map(|q| ComWrapper::new(q).to_com_ptr()).collect();
        ComWrapper::new(Self { queues, sink: None })
    }

    /// The list that comes out.
    pub fn output() -> ComWrapper<Self> {
        let sink = ComWrapper::new(Queue { id: 0, points: Vec::new() }).to_com_ptr();
        ComWrapper::new(Self { queues: Vec::new(), sink })
    }
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> i32 {
        super::int(self.queues.len())
    }

    unsafe fn getParameterData(&self, index: i32) -> *mut IParamValueQueue {
        usize::try_from(index)
            .ok()
            .and_then(|i| self.queues.get(i))
            .map_or(std::ptr::null_mut(), ComPtr::as_ptr)
    }

    unsafe fn addParameterData(
        &self,
        _id: *const ParamID,
        index: *mut i32,
    ) -> *mut IParamValueQueue {
        // SAFETY: a place for the index, or null.
        if let Some(index) = unsafe { index.as_mut() } {
            *index = 0;
        }
        self.sink.as_ref().map_or(std::ptr::null_mut(), ComPtr::as_ptr)
    }
}
