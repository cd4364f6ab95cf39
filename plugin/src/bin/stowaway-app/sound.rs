//! Which backend runs, and with what: the framework's own choice is made here instead, because it
//! asks JACK for nothing and tells the plugin nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::prelude::nice_export_standalone_with_args;
use stowaway_plugin::face::{Face, window};
use stowaway_plugin::interpose::link;
use stowaway_plugin::plug::Plug;
use stowaway_plugin::ports::{Multi, Side};
use stowaway_plugin::report::Sound;

use crate::args::{Args, Backend};

/// A backend that may be tried.
struct Plan {
    backend: Backend,
    rate: u32,
    period: u32,
}

/// Runs the plugin until its window closes.
///
/// # Errors
/// A sentence: nothing could be started.
pub fn run(plug: &Arc<Plug>, args: &Args) -> Result<(), String> {
    let as_told = |backend| Plan { backend, rate: args.sample_rate, period: args.period_size };
    let with_jack = || jack().map(|(rate, period)| Plan { backend: Backend::Jack, rate, period });
    match args.backend {
        Backend::Auto => {
            // Who names a device means the system's.
            let named = args.input_device.is_some() || args.output_device.is_some();
            if !named {
                match with_jack() {
                    Ok(plan) if try_with(plug, args, &plan)? => return Ok(()),
                    Ok(_) => {}
                    Err(why) => tracing::info!("{why}"),
                }
            }
            if try_with(plug, args, &as_told(Backend::System))? {
                return Ok(());
            }
            if named {
                return Err("That device could not be used; the reason is above.".into());
            }
            eprintln!("No sound device could be used; the reason is above.");
            try_with(plug, args, &as_told(Backend::Dummy)).map(drop)
        }
        Backend::Jack => started(try_with(plug, args, &with_jack()?)?),
        backend => started(try_with(plug, args, &as_told(backend))?),
    }
}

fn started(yes: bool) -> Result<(), String> {
    if yes { Ok(()) } else { Err("No sound could be had that way; the reason is above.".into()) }
}

/// `false`: that backend could not be started, and nothing else happened.
fn try_with(plug: &Arc<Plug>, args: &Args, plan: &Plan) -> Result<bool, String> {
    // The framework hands over memory for ports that such a device does not have: what is sent to
    // them shall be heard on the first.
    let whole = plan.backend != Backend::System;
    for side in [Side::Input, Side::Output] {
        for port in 1..plug.model().count(side) {
            plug.set_port(side, port, whole);
        }
    }
    let sound = Sound {
        name: match plan.backend {
            Backend::Jack => "JACK".into(),
            Backend::Dummy => "No sound: nothing is heard".into(),
            Backend::Auto | Backend::System => plan.backend.name().to_uppercase(),
        },
        sentence: sentence(plan, args),
        heard: plan.backend != Backend::Dummy,
    };
    let told = Arc::clone(plug);
    window::on_opening(move || {
        eprintln!("{}", sound.sentence);
        tracing::info!("{}", sound.sentence);
        told.report().set_sound(sound);
    });
    let numbers = &plug.report().numbers;
    let words = args.for_framework(plan.backend, plan.rate, plan.period);
    let ran = link::with(plug, || nice_export_standalone_with_args::<Face<Multi>, _>(words));
    let was_active = numbers.rate.load(Ordering::Relaxed) != 0;
    match (ran, was_active) {
        (true, _) => Ok(true),
        (false, false) => Ok(false),
        (false, true) => Err("Stowaway could not go on; the reason is above.".into()),
    }
}

/// What the user hears about it.
fn sentence(plan: &Plan, args: &Args) -> String {
    let Plan { backend, rate, period } = plan;
    let with = format!("{rate} Hz, blocks of {period} frames");
    match backend {
        Backend::Jack => format!("Sound: JACK, {with}, 16 stereo inputs and outputs."),
        Backend::Dummy => format!("Sound: none. Everything runs ({with}), nothing is heard."),
        Backend::Auto | Backend::System => {
            let input = match &args.input_device {
                Some(name) => format!("recording from {name}"),
                None => "no input (choose one with --input-device)".into(),
            };
            format!(
                "Sound: {}, {with}, {input}. All outputs of the session are heard on the first.",
                backend.name()
            )
        }
    }
}

/// The framework's name at JACK; it does not start under another one.
const JACK_NAME: &str = "stowaway";

/// JACK's rate and block. The framework does not ask: it would run the plugin at another rate.
fn jack() -> Result<(u32, u32), String> {
    let (client, status) = jack::Client::new(JACK_NAME, jack::ClientOptions::NO_START_SERVER)
        .map_err(|e| {
            tracing::info!("JACK does not answer: {e}.");
            "JACK does not answer. Start it, or choose another --backend."
        })?;
    if status.contains(jack::ClientStatus::NAME_NOT_UNIQUE) {
        let sentence = "Another Stowaway plays through JACK already: close that one, or choose \
                        another --backend.";
        return Err(sentence.into());
    }
    Ok((client.sample_rate(), client.buffer_size()))
}
