//! What the gateway counts of itself, in the text format of Prometheus.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::http::StatusCode;

/// The classes of answers: 1xx to 5xx.
const CLASSES: usize = 5;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    answers: [AtomicU64; CLASSES],
    /// Open sockets.
    pub(crate) sockets: AtomicI64,
    /// Frames from sessions to tabs.
    pub(crate) frames_out: AtomicU64,
    /// Frames from tabs to sessions.
    pub(crate) frames_in: AtomicU64,
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1).min(CLASSES - 1);
        self.answers[class].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns them as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        head(&mut text, "qubx_gateway_answers_total", "counter", "Answers to requests, by class of status.");
        for (class, count) in (1..).zip(&self.answers) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(text, "qubx_gateway_answers_total{{class=\"{class}xx\"}} {count}");
        }
        head(&mut text, "qubx_gateway_sockets", "gauge", "Open websockets.");
        let _ = writeln!(text, "qubx_gateway_sockets {}", self.sockets.load(Ordering::Relaxed));
        head(&mut text, "qubx_gateway_frames_total", "counter", "Frames over websockets, by direction.");
        for (direction, count) in [("out", &self.frames_out), ("in", &self.frames_in)] {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(text, "qubx_gateway_frames_total{{direction=\"{direction}\"}} {count}");
        }
        text
    }
}

/// Writes the lines that describe a metric.
pub(crate) fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}
