//! The images that cells have shown: what is known of them without a look at their pixels, and as much of them as is kept.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use qubx_protocol::{OutputContent, Seq};
use serde_json::Value;

use super::mark::PICTURES;
use crate::format;

/// The text of images that is kept, over all of them; the oldest is let go for a new one.
const MOST_BYTES: usize = 6 << 20;
/// An image with more text than this is named only.
const LARGEST: usize = 4 << 20;
/// And one with more pixels, or a longer side: so many take long, and a row of them much memory.
pub(super) const MOST_PIXELS: u64 = 16_000_000;
pub(super) const LONGEST_SIDE: u32 = 16_384;

/// The one form of image that can be drawn.
const PNG: &str = "image/png";
/// What a file of it begins with, up to its size: its signature, then the length and the name of its first part.
const PNG_BEGIN: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
/// As much text as holds the size behind that.
const PNG_HEAD: usize = 32;

/// An image that a cell has shown, and that can be drawn.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) number: u16,
    /// Its columns and rows of pixels.
    pub(crate) pixels: (u32, u32),
    /// Its name, for where it is not drawn.
    pub(crate) name: String,
    /// It as base64; none when it was let go, or when nothing can be made of it.
    source: RefCell<Option<Arc<str>>>,
}

impl Picture {
    /// Tells whether it can be drawn.
    pub(crate) fn is_there(&self) -> bool {
        self.source.borrow().is_some()
    }

    pub(super) fn source(&self) -> Option<Arc<str>> {
        self.source.borrow().clone()
    }

    /// Names it only, from now on.
    pub(crate) fn let_go(&self) {
        self.source.take();
    }

    fn size(&self) -> usize {
        self.source.borrow().as_ref().map_or(0, |source| source.len())
    }
}

/// The images of a transcript. Entries own them; one that no entry has any more is gone from here.
#[derive(Debug, Default)]
pub(crate) struct Gallery {
    next: u16,
    pictures: BTreeMap<Seq, Weak<Picture>>,
}

impl Gallery {
    /// Takes in what an event shows, and returns the image of it that can be drawn. Images that are let go for it are
    /// `dropped`.
    pub(crate) fn take(
        &mut self,
        seq: Seq,
        content: &OutputContent,
        dropped: &mut Vec<u16>,
    ) -> Option<Rc<Picture>> {
        let (kind, text) = image(content)?;
        let pixels = png_size(kind, &text).filter(|_| text.len() <= LARGEST)?;
        let (width, height) = (u64::from(pixels.0), u64::from(pixels.1));
        if width * height > MOST_PIXELS || pixels.0.max(pixels.1) > LONGEST_SIDE {
            return None;
        }
        let source = RefCell::new(Some(Arc::from(&*text)));
        let picture = Rc::new(Picture { number: self.next, pixels, name: name(kind, &text), source });
        self.next = (self.next + 1) % PICTURES;
        self.pictures.retain(|_, known| known.strong_count() > 0);
        self.pictures.insert(seq, Rc::downgrade(&picture));
        let mut bytes: usize = self.iter().map(|picture| picture.size()).sum();
        for picture in self.iter().filter(|picture| picture.is_there()) {
            if bytes <= MOST_BYTES {
                break;
            }
            bytes -= picture.size();
            picture.let_go();
            dropped.push(picture.number);
        }
        Some(picture)
    }

    /// Tells whether no image has been seen.
    pub(super) fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Returns the image of a number.
    pub(crate) fn find(&self, number: u16) -> Option<Rc<Picture>> {
        self.iter().find(|picture| picture.number == number)
    }

    /// Returns all images, the oldest first.
    fn iter(&self) -> impl Iterator<Item = Rc<Picture>> {
        self.pictures.values().filter_map(Weak::upgrade)
    }
}

/// Returns what a terminal can say of a value: its plain text, and the names of the forms that it cannot show.
pub(crate) fn text_of(content: &OutputContent) -> String {
    let OutputContent::Data { data, .. } = content else { return String::new() };
    let plain = data.get("text/plain").map(text);
    let Some((kind, image)) = image(content) else {
        let names = || format!("[{}]", data.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
        return plain.map_or_else(names, Cow::into_owned);
    };
    let name = name(kind, &image);
    // What Python says of an object that has no words, `<Figure size 640x480>`, the name says better.
    match plain.filter(|plain| !plain.trim().is_empty() && !plain.starts_with('<')) {
        Some(plain) => format!("{plain} {name}"),
        None => name,
    }
}

/// Returns the form of image that can be drawn, else one of the others.
fn image(content: &OutputContent) -> Option<(&str, Cow<'_, str>)> {
    let OutputContent::Data { data, .. } = content else { return None };
    let png = data.get_key_value(PNG);
    let (kind, value) = png.or_else(|| data.iter().find(|(kind, _)| kind.starts_with("image/")))?;
    Some((kind, text(value)))
}

fn text(value: &Value) -> Cow<'_, str> {
    match value.as_str() {
        Some(text) => text.into(),
        // Jupyter also allows a list of lines.
        None => value.as_array().into_iter().flatten().filter_map(|line| line.as_str()).collect(),
    }
}

/// Returns `[image 640×480 png, 23.4 KB]`.
fn name(kind: &str, text: &str) -> String {
    let short = kind.trim_start_matches("image/").split('+').next().unwrap_or_default();
    let is_text = kind.ends_with("xml");
    let bytes = if is_text { text.len() } else { text.trim_end().trim_end_matches('=').len() * 3 / 4 };
    let bytes = format::bytes(u64::try_from(bytes).unwrap_or(u64::MAX));
    match png_size(kind, text) {
        Some((width, height)) => format!("[image {width}×{height} {short}, {bytes}]"),
        None => format!("[image {short}, {bytes}]"),
    }
}

/// Returns the columns and rows of a PNG as its first bytes say; none when it is none.
fn png_size(kind: &str, text: &str) -> Option<(u32, u32)> {
    if kind != PNG {
        return None;
    }
    let head: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(PNG_HEAD).collect();
    let head = BASE64_STANDARD.decode(head).ok()?;
    let mut sides = head.strip_prefix(PNG_BEGIN)?.chunks_exact(4);
    let mut side = || Some(u32::from_be_bytes(sides.next()?.try_into().ok()?));
    let (width, height) = (side()?, side()?);
    (width > 0 && height > 0).then_some((width, height))
}
