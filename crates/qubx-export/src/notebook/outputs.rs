//! What a cell showed, as a notebook has it. No I/O.
//!
//! What a cell does to its own output is done here too, as in every screen: what it cleared is gone, and what it updated
//! stands where it stood.

use std::collections::BTreeMap;

use qubx_protocol::{OutputContent, StreamName};
use serde_json::{Value, json};

/// Forms of something shown, by MIME type.
type Forms = BTreeMap<String, Value>;

/// All that a cell showed.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    shown: Vec<Output>,
    /// Whether all of it goes as soon as something new is shown.
    goes_with_the_next: bool,
}

#[derive(Debug)]
enum Output {
    Stream { name: &'static str, text: String },
    Data { data: Forms, is_result: bool, display: Option<String> },
    Error { ename: String, evalue: String, traceback: Vec<String> },
}

impl Outputs {
    /// Takes what a cell wrote or showed next.
    pub(super) fn take(&mut self, content: &OutputContent) {
        match content {
            OutputContent::Stream { stream: StreamName::Stdout, text } => self.print("stdout", text),
            OutputContent::Stream { stream: StreamName::Stderr, text } => self.print("stderr", text),
            OutputContent::Data { data, result, display, .. } => {
                let (data, display) = (data.clone(), display.clone());
                self.push(Output::Data { data, is_result: *result, display });
            }
            OutputContent::Clear { wait: true } => self.goes_with_the_next = true,
            OutputContent::Clear { wait: false } => {
                self.shown.clear();
                self.goes_with_the_next = false;
            }
            OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {
                self.print("stderr", &format!("[… {} …]\n", missing(content)));
            }
        }
    }

    /// Adds text to a stream.
    pub(super) fn print(&mut self, name: &'static str, text: &str) {
        match self.shown.last_mut() {
            Some(Output::Stream { name: last, text: before })
                if *last == name && !self.goes_with_the_next =>
            {
                before.push_str(text);
            }
            _ => self.push(Output::Stream { name, text: text.to_owned() }),
        }
    }

    /// Adds an exception.
    pub(super) fn error(&mut self, ename: &str, evalue: &str, traceback: &[String]) {
        let (ename, evalue, traceback) = (ename.to_owned(), evalue.to_owned(), traceback.to_vec());
        self.push(Output::Error { ename, evalue, traceback });
    }

    /// Puts new forms in the place of what is shown under a name, and tells whether something is.
    pub(super) fn update(&mut self, name: &str, forms: &Forms) -> bool {
        let mut is_shown = false;
        for output in &mut self.shown {
            if let Output::Data { data, display: Some(display), .. } = output
                && display == name
            {
                data.clone_from(forms);
                is_shown = true;
            }
        }
        is_shown
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    fn push(&mut self, output: Output) {
        if std::mem::take(&mut self.goes_with_the_next) {
            self.shown.clear();
        }
        self.shown.push(output);
    }

    /// Returns the outputs of a cell with this number in the kernel's own `Out`.
    pub(super) fn values(&self, count: Option<u32>) -> Vec<Value> {
        self.shown.iter().map(|output| output.value(count)).collect()
    }
}

impl Output {
    fn value(&self, count: Option<u32>) -> Value {
        match self {
            Self::Stream { name, text } => {
                json!({"output_type": "stream", "name": name, "text": lines(text)})
            }
            Self::Data { data, is_result: true, .. } => json!({
                "output_type": "execute_result", "execution_count": count, "metadata": {}, "data": bundle(data),
            }),
            Self::Data { data, .. } => {
                json!({"output_type": "display_data", "metadata": {}, "data": bundle(data)})
            }
            Self::Error { ename, evalue, traceback } => json!({
                "output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback,
            }),
        }
    }
}

/// Returns what is said in the place of output that the log does not have.
pub(super) fn missing(content: &OutputContent) -> String {
    match content {
        OutputContent::Omitted { bytes, file, partial } => {
            let part = if *partial { "more of it is" } else { "all of it is" };
            let file = file.as_ref().map(|file| format!("; {part} in {file}")).unwrap_or_default();
            format!("{bytes} bytes of output are left out here{file}")
        }
        OutputContent::Lost { messages } => format!("{messages} messages of the kernel were lost here"),
        _ => String::new(),
    }
}

/// Returns forms as the format wants them: JSON where the type is JSON, text everywhere else.
fn bundle(data: &Forms) -> Value {
    let form = |(mime, value): (&String, &Value)| {
        let is_json = mime == "application/json" || mime.ends_with("+json");
        let value = match value {
            Value::String(text) if !is_json => lines(text),
            Value::Array(lines) if lines.iter().all(Value::is_string) => value.clone(),
            value if is_json => value.clone(),
            other => lines(&other.to_string()),
        };
        (mime.clone(), value)
    };
    Value::Object(data.iter().map(form).collect())
}

/// Returns text as a notebook keeps it: a list of its lines with their ends.
pub(super) fn lines(text: &str) -> Value {
    text.split_inclusive('\n').collect()
}
