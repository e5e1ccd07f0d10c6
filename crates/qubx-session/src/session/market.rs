//! What the engine says.

use qubx_engine::{Checkpoint, EngineEvent, EngineOutput};
use qubx_protocol::{Fact, LogLevel};

use super::Session;
use crate::store::Draft;

impl Session {
    pub(super) fn take_engine(&mut self, output: EngineOutput) {
        self.show_events(&output.events);
        for event in output.events {
            match event {
                EngineEvent::Order(order) => self.drafts.push(Draft::Order(order)),
                EngineEvent::Fill { fill, position } => self.drafts.push(Draft::Fill { fill, position }),
                EngineEvent::Funding { funding, position } => {
                    self.drafts.push(Draft::Funding { funding, position });
                }
                EngineEvent::Results(results) => self.fact(Fact::Results(results)),
                EngineEvent::Paused { paused, reason, time } => {
                    self.status.paused = paused;
                    self.status_changed();
                    let level = if paused { LogLevel::Warning } else { LogLevel::Info };
                    let text = if paused { format!("trading is paused: {reason}") } else { reason };
                    self.log_at(level, "engine", text, time);
                }
                EngineEvent::Log { level, text, time } => self.log_at(level, "engine", text, time),
                EngineEvent::FeedFinished => {
                    self.log(LogLevel::Info, "engine", "the replay is at its end".to_owned());
                }
            }
        }
        self.checkpoint(&output.checkpoint);
        self.intents.extend(output.committed);
    }

    /// Keeps the engine's place with the facts of this turn; only the newest one counts.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        let checkpoint = serde_json::to_value(checkpoint).expect("a checkpoint has string keys");
        self.drafts.retain(|draft| !matches!(draft, Draft::Checkpoint(_)));
        self.drafts.push(Draft::Checkpoint(checkpoint));
    }
}
