use super::*;

#[test]
fn the_published_schema_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/session.schema.json");
    let schema = schema_json();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &schema).expect("docs/ can be written");
    }
    let published = std::fs::read_to_string(path).expect("docs/session.schema.json is there");
    assert_eq!(
        published.replace("\r\n", "\n"),
        schema,
        "the session document changed: run the tests once with UPDATE_GOLDEN=1, and think about \
         the format number"
    );
}

#[test]
fn objects_may_have_fields_that_the_schema_does_not_know() {
    let schema: serde_json::Value = serde_json::from_str(&schema_json()).expect("JSON");
    assert_eq!(schema["additionalProperties"], true);
    let objects = schema["$defs"].as_object().expect("definitions");
    for noun in ["Track", "Lane", "Clip", "Source", "Take", "Bus", "Settings", "Globals"] {
        assert_eq!(objects[noun]["additionalProperties"], true, "{noun}");
    }
    let track = &objects["Track"];
    assert_eq!(track["required"], serde_json::json!(["id"]));
    assert_eq!(track["properties"]["param_slot"]["maximum"], 64);
    // What tracks and buses share stands in their own objects.
    assert!(track["properties"]["fader_db"].is_object());
}
