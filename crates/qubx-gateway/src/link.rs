//! Login links, and links as pictures to be scanned by a phone. No I/O.

use qrcode::QrCode;
use qrcode::render::{svg, unicode};

use crate::access::Secret;

/// Returns a link that logs in. What stands behind `#` is never sent by a browser, so no log has it.
#[must_use]
pub fn login_link(origin: &str, secret: &Secret) -> String {
    format!("{origin}/#t={}", secret.reveal())
}

/// Returns a link as a picture for a page.
pub(crate) fn qr_svg(link: &str) -> String {
    code(link).render::<svg::Color<'_>>().min_dimensions(200, 200).build()
}

/// Returns a link as a picture of half blocks for a terminal, dark on light.
#[must_use]
pub fn qr_text(link: &str) -> String {
    code(link)
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build()
}

fn code(link: &str) -> QrCode {
    QrCode::new(link).expect("a link of ours fits into a code")
}
