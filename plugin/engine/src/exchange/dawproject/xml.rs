//! Writing XML: elements with attributes, and texts that XML can hold.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// See the module. What it writes goes to memory, where nothing fails.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
    ids: usize,
}

impl Xml {
    /// A document.
    pub(super) fn new() -> io::Result<Self> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self { writer, ids: 0 })
    }

    /// An id that no other element has.
    pub(super) fn id(&mut self) -> String {
        self.ids += 1;
        format!("id{}", self.ids)
    }

    /// An element with what `inside` writes.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: &[(&str, String)],
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.writer.write_event(Event::Start(start(name, attributes)))?;
        inside(self)?;
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, String)]) -> io::Result<()> {
        self.writer.write_event(Event::Empty(start(name, attributes)))
    }

    /// An element with a text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.element(name, &[], |xml| {
            xml.writer.write_event(Event::Text(BytesText::new(&sayable(text))))
        })
    }

    /// The document's bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner()
    }
}

fn start<'n>(name: &'n str, attributes: &[(&str, String)]) -> BytesStart<'n> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, sayable(value).as_str()));
    }
    start
}

/// Whether a text comes back from XML as it is.
pub(super) fn can_say(text: &str) -> bool {
    !text.chars().any(is_unsayable)
}

/// What XML cannot hold, and line ends, which attributes lose, become blanks.
fn sayable(text: &str) -> String {
    text.chars().map(|c| if is_unsayable(c) { ' ' } else { c }).collect()
}

fn is_unsayable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')
}
