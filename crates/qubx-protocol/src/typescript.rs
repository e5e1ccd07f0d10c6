//! `web/src/protocol.ts`: the types of this crate as the page reads them, so that nobody spells a message's shape twice.
//!
//! `QUBX_BLESS=1 cargo test -p qubx-protocol` writes the file anew; look at the difference before you commit it. Numbers of
//! 64 bits are `number`: what is counted stays below 2^53. What is null may be absent as well, as the protocol says.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::Path;

use ts_rs::{Config, TS, TypeVisitor};

use crate::{ClientMessage, ServerMessage};

const HEAD: &str =
    "// The types of the session protocol. Generated from crates/qubx-protocol; see its src/typescript.rs.\n";

/// The declarations of the types that were met, by name.
struct Types {
    config: Config,
    met: Vec<TypeId>,
    declarations: BTreeMap<String, String>,
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if self.met.contains(&TypeId::of::<T>()) {
            return;
        }
        self.met.push(TypeId::of::<T>());
        T::visit_dependencies(self);
        // What has no file of its own is a type that the language has.
        if T::output_path().is_some() {
            let declaration = format!("{}export {}", T::docs().unwrap_or_default(), T::decl(&self.config));
            self.declarations.insert(T::ident(&self.config), declaration);
        }
    }
}

#[test]
fn the_page_has_the_types_of_now() {
    let config = Config::new().with_large_int("number");
    let mut types = Types { config, met: Vec::new(), declarations: BTreeMap::new() };
    types.visit::<ClientMessage>();
    types.visit::<ServerMessage>();
    let mut text = HEAD.to_owned();
    for declaration in types.declarations.values() {
        text.push('\n');
        text.push_str(declaration);
        text.push('\n');
    }
    let text: String = text.lines().map(|line| may_be_absent(line.trim_end()) + "\n").collect();

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/protocol.ts");
    if std::env::var_os("QUBX_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == text,
        "web/src/protocol.ts is old: QUBX_BLESS=1 cargo test -p qubx-protocol writes it anew"
    );
}

/// Makes the field that a line declares one that may be absent, if it may be null.
fn may_be_absent(line: &str) -> String {
    match line.split_once(": ") {
        Some((name, rest))
            if name.chars().all(|character| character.is_ascii_lowercase() || character == '_')
                && rest.split(',').next().is_some_and(|declared| declared.ends_with(" | null")) =>
        {
            format!("{name}?: {rest}")
        }
        _ => line.to_owned(),
    }
}
