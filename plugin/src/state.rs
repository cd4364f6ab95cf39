//! What the host saves for us, in both formats the same JSON: the session document in the field
//! `session`, and the parameter values for whoever reads a state without knowing sessions.
//!
//! ```json
//! {"plugin":"audio.stowaway.multi","version":"0.1.0","params":{"t1_fader":0.5},
//!  "fields":{"session":"{ the document as a string }"}}
//! ```
//!
//! Only values that differ from their defaults are written, in the order of the table, so that
//! the bytes are the same when nothing changed. On load the document wins.

use serde_json::{Map, Value, json};
use stowaway_engine::params::ParamKey;

use crate::params::{belongs_in_state, default_normalised};
use crate::plug::{Plug, WANT_RESCAN};

/// The field of the session document.
pub const SESSION: &str = "session";
/// What no honest state exceeds.
pub const MAX_BYTES: usize = 256 << 20;

/// The state's bytes. The same when nothing changed.
#[must_use]
pub fn save(plug: &Plug) -> Vec<u8> {
    let model = plug.model();
    let live = plug.live();
    let params: Map<String, Value> = ParamKey::all()
        .filter(|key| belongs_in_state(*key))
        .filter_map(|key| {
            let value = live.get(key);
            let default = default_normalised(key, model.effect);
            (value.to_bits() != default.to_bits()).then(|| (key.id(), json!(value)))
        })
        .collect();
    let state = json!({
        "plugin": model.clap_id,
        "version": env!("CARGO_PKG_VERSION"),
        "params": params,
        "fields": { SESSION: plug.instance().session_json() },
    });
    state.to_string().into_bytes()
}

/// Loads a state. The session stays as it was when that fails. Host's main thread.
///
/// # Errors
/// A sentence for the user, which the report has too.
pub fn load(plug: &Plug, bytes: &[u8]) -> Result<(), String> {
    let state = match parse(bytes) {
        Ok(state) => state,
        Err(why) => {
            plug.report().say(why.clone());
            return Err(why);
        }
    };
    match state {
        Loaded::Session(json, values) => {
            plug.load_session(&json)?;
            // The document says nothing of slots that no track holds; their values are kept here.
            let session = std::sync::Arc::clone(&plug.instance().snapshot().session);
            for key in ParamKey::all().filter(|key| belongs_in_state(*key)) {
                if let ParamKey::Track(slot, _) = key
                    && session.track_in_slot(slot).is_none()
                {
                    let told = values.iter().find(|(k, _)| *k == key).map(|(_, value)| *value);
                    let default = default_normalised(key, plug.model().effect);
                    plug.live().set_from_document(key, told.unwrap_or(default));
                }
            }
            Ok(())
        }
        Loaded::Params(values) => {
            for (key, value) in values {
                plug.live().set(key, value);
            }
            plug.want(WANT_RESCAN);
            Ok(())
        }
    }
}

/// What a state holds.
#[derive(Debug, PartialEq)]
enum Loaded {
    /// A document, which says nearly everything, and the values.
    Session(String, Vec<(ParamKey, f32)>),
    /// Values alone.
    Params(Vec<(ParamKey, f32)>),
}

fn parse(bytes: &[u8]) -> Result<Loaded, String> {
    if bytes.is_empty() {
        return Err("The host gave Stowaway an empty state: the session stays as it is.".into());
    }
    // Some hosts hand back more than they were given: what follows the object is not ours.
    let first = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().next();
    let state = match first {
        Some(Ok(Value::Object(state))) => state,
        Some(Err(e)) if e.is_eof() => {
            return Err(
                "The state that the host keeps for Stowaway is cut off: the session stays \
                        as it is. The .stowaway file beside the takes has the last one."
                    .into(),
            );
        }
        _ => return Err(foreign()),
    };
    let values = state.get("params").and_then(Value::as_object).map(params);
    match state.get("fields").and_then(|f| f.get(SESSION)) {
        Some(Value::String(json)) => Ok(Loaded::Session(json.clone(), values.unwrap_or_default())),
        Some(document @ Value::Object(_)) => {
            Ok(Loaded::Session(document.to_string(), values.unwrap_or_default()))
        }
        Some(_) => Err("The state that the host keeps for Stowaway has a session that is none: \
                        the session stays as it is."
            .into()),
        None => values.map(Loaded::Params).ok_or_else(foreign),
    }
}

fn foreign() -> String {
    "The state that the host hands over is not from Stowaway: the session stays as it is.".into()
}

#[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
fn params(values: &Map<String, Value>) -> Vec<(ParamKey, f32)> {
    ParamKey::all()
        .filter(|key| belongs_in_state(*key))
        .filter_map(|key| Some((key, values.get(&key.id())?.as_f64()? as f32)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stowaway_engine::params::{GlobalParam, TrackParam};

    use super::*;
    use crate::ports::{Layout, Multi};

    const FADER: ParamKey = ParamKey::Track(0, TrackParam::Fader);

    #[test]
    fn a_saved_state_is_the_same_until_something_changes() {
        let plug = Plug::new(Multi::MODEL, "CLAP");
        let first = save(&plug);
        assert_eq!(first, save(&plug));
        plug.live().set(FADER, 0.25);
        assert_ne!(first, save(&plug));
        let text = String::from_utf8(first).unwrap_or_default();
        assert!(matches!(parse(text.as_bytes()), Ok(Loaded::Session(..))));
        // What follows is not ours.
        assert!(parse(format!("{text}\0\0garbage").as_bytes()).is_ok());
    }

    #[test]
    fn record_is_never_carried_over() {
        let plug = Plug::new(Multi::MODEL, "CLAP");
        let record = ParamKey::Global(GlobalParam::Record);
        plug.live().set(record, 1.0);
        assert!(!String::from_utf8_lossy(&save(&plug)).contains("\"record\""));
        let fresh = Plug::new(Multi::MODEL, "CLAP");
        load(&fresh, br#"{"params":{"record":1.0,"t1_fader":0.25}}"#)
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(fresh.live().get(record), 0.0);
        assert_eq!(fresh.live().get(FADER), 0.25);
    }

    #[test]
    fn a_load_lets_go_of_the_switches_that_no_state_holds() {
        let plug = Plug::new(Multi::MODEL, "VST3");
        let state = save(&plug);
        let switches = [GlobalParam::Record, GlobalParam::Keep, GlobalParam::NextTake];
        for switch in switches {
            plug.live().set(ParamKey::Global(switch), 0.75);
        }
        load(&plug, &state).unwrap_or_else(|e| panic!("{e}"));
        for switch in switches {
            assert_eq!(plug.live().get(ParamKey::Global(switch)), 0.0, "{switch:?}");
        }
    }

    proptest! {
        #[test]
        fn garbage_gets_a_sentence(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(why) = parse(&bytes) {
                prop_assert!(why.ends_with('.') && why.contains("session"), "{}", why);
            }
        }

        #[test]
        fn every_cut_gets_a_sentence_and_changes_nothing(cut in 0usize..1000) {
            let plug = Plug::new(Multi::MODEL, "CLAP");
            plug.live().set(FADER, 0.25);
            let bytes = save(&plug);
            let cut = cut % bytes.len();
            let before = save(&plug);
            prop_assert!(load(&plug, &bytes[..cut]).is_err());
            prop_assert_eq!(save(&plug), before);
            prop_assert!(!plug.report().messages().is_empty());
        }
    }
}
