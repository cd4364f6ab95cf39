//! The three plugins of the bundle as types: their ports, names and ids. Final from the first
//! release.

use std::num::NonZeroU32;

use nice_plug::prelude::{AudioIOLayout, ClapFeature, PortNames, Vst3SubCategory, new_nonzero_u32};
use stowaway_engine::host::{INPUTS, OUTPUTS};

const STEREO: NonZeroU32 = new_nonzero_u32(2);
const AUX: [NonZeroU32; 15] = [STEREO; 15];
/// What JACK calls the ports; hosts ask [`Side::port_name`]. Those of the main ports are left unset:
/// the framework would give the output the input's name.
const IN_NAMES: [&str; 15] = [
    "In 2", "In 3", "In 4", "In 5", "In 6", "In 7", "In 8", "In 9", "In 10", "In 11", "In 12",
    "In 13", "In 14", "In 15", "In 16",
];
const OUT_NAMES: [&str; 15] = [
    "Out 2", "Out 3", "Out 4", "Out 5", "Out 6", "Out 7", "Out 8", "Out 9", "Out 10", "Out 11",
    "Out 12", "Out 13", "Out 14", "Out 15", "Out 16",
];

/// One plugin of the bundle.
pub trait Layout: Send + Sync + 'static {
    /// Everything about it that is data.
    const MODEL: &'static Model;
    /// Its ports as the framework wants them.
    const IO: &'static [AudioIOLayout] = &[Self::MODEL.io];
}

/// What sets one plugin of the bundle apart from the others.
#[derive(Debug)]
pub struct Model {
    /// The name that a host shows.
    pub name: &'static str,
    /// The CLAP id.
    pub clap_id: &'static str,
    /// The VST3 class id.
    pub vst3_id: [u8; 16],
    /// Stereo inputs; the first is the main one.
    pub inputs: usize,
    /// Stereo outputs; the first is the main one.
    pub outputs: usize,
    /// An effect: `Through` starts on.
    pub effect: bool,
    /// One line about it.
    pub description: &'static str,
    /// What it is to a CLAP host.
    pub clap_features: &'static [ClapFeature],
    /// What it is to a VST3 host.
    pub vst3_categories: &'static [Vst3SubCategory],
    io: AudioIOLayout,
}

impl Model {
    /// All ports of one side as a mask.
    #[must_use]
    pub fn all_ports(&self, side: Side) -> u32 {
        let n = self.count(side);
        if n >= 32 { u32::MAX } else { (1 << n) - 1 }
    }

    /// How many stereo ports one side has.
    #[must_use]
    pub fn count(&self, side: Side) -> usize {
        match side {
            Side::Input => self.inputs,
            Side::Output => self.outputs,
        }
    }
}

/// Into the plugin or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Into the plugin.
    Input,
    /// Out of the plugin.
    Output,
}

impl Side {
    /// 0 for inputs, 1 for outputs.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name that a host shows for a port: `In 1`, `Out 16`.
    #[must_use]
    pub fn port_name(self, port: usize) -> String {
        match self {
            Self::Input => format!("In {}", port + 1),
            Self::Output => format!("Out {}", port + 1),
        }
    }
}

const fn io(
    aux_inputs: &'static [NonZeroU32],
    aux_outputs: &'static [NonZeroU32],
) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: Some(STEREO),
        main_output_channels: Some(STEREO),
        aux_input_ports: aux_inputs,
        aux_output_ports: aux_outputs,
        names: PortNames {
            layout: None,
            main_input: None,
            main_output: None,
            aux_inputs: &IN_NAMES,
            aux_outputs: &OUT_NAMES,
        },
    }
}

/// `Stowaway`: 16 stereo inputs, 16 stereo outputs.
#[derive(Debug)]
pub struct Multi;

impl Layout for Multi {
    const MODEL: &'static Model = &Model {
        name: "Stowaway",
        clap_id: "audio.stowaway.multi",
        vst3_id: *b"StowawayMultiTrk",
        inputs: INPUTS,
        outputs: OUTPUTS,
        effect: true,
        description: "A multitrack recorder with 16 stereo inputs and 16 stereo outputs",
        clap_features: &[ClapFeature::AudioEffect, ClapFeature::Stereo, ClapFeature::Utility],
        vst3_categories: &[Vst3SubCategory::Fx, Vst3SubCategory::Tools],
        io: io(&AUX, &AUX),
    };
}

/// `Stowaway Stereo`: strictly stereo in and out, for hosts without auxiliary ports.
#[derive(Debug)]
pub struct Stereo;

impl Layout for Stereo {
    const MODEL: &'static Model = &Model {
        name: "Stowaway Stereo",
        clap_id: "audio.stowaway.stereo",
        vst3_id: *b"StowawayStereoFx",
        inputs: 1,
        outputs: 1,
        effect: true,
        description: "A multitrack recorder with one stereo input and one stereo output",
        clap_features: &[ClapFeature::AudioEffect, ClapFeature::Stereo, ClapFeature::Utility],
        vst3_categories: &[Vst3SubCategory::Fx, Vst3SubCategory::Tools, Vst3SubCategory::Stereo],
        io: io(&[], &[]),
    };
}

/// `Stowaway Instrument`: 4 stereo inputs, 16 stereo outputs, on an instrument's track.
#[derive(Debug)]
pub struct Instrument;

impl Layout for Instrument {
    const MODEL: &'static Model = &Model {
        name: "Stowaway Instrument",
        clap_id: "audio.stowaway.instrument",
        vst3_id: *b"StowawayInstrmnt",
        inputs: 4,
        outputs: OUTPUTS,
        effect: false,
        description: "A multitrack recorder for instrument tracks with 16 stereo outputs",
        clap_features: &[ClapFeature::Instrument, ClapFeature::Sampler, ClapFeature::Stereo],
        vst3_categories: &[Vst3SubCategory::Instrument, Vst3SubCategory::Sampler],
        io: io(&[STEREO; 3], &AUX),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports<L: Layout>() -> (usize, usize) {
        let io = &L::IO[0];
        (1 + io.aux_input_ports.len(), 1 + io.aux_output_ports.len())
    }

    #[test]
    fn the_frameworks_ports_are_the_models() {
        assert_eq!(ports::<Multi>(), (Multi::MODEL.inputs, Multi::MODEL.outputs));
        assert_eq!(ports::<Stereo>(), (Stereo::MODEL.inputs, Stereo::MODEL.outputs));
        assert_eq!(ports::<Instrument>(), (Instrument::MODEL.inputs, Instrument::MODEL.outputs));
        for port in 1..INPUTS {
            let io = &Multi::IO[0];
            assert_eq!(io.aux_input_name(port - 1), Some(Side::Input.port_name(port)));
            assert_eq!(io.aux_output_name(port - 1), Some(Side::Output.port_name(port)));
        }
        assert_eq!(Multi::MODEL.all_ports(Side::Input), 0xffff);
        assert_eq!(Stereo::MODEL.all_ports(Side::Output), 1);
    }
}
