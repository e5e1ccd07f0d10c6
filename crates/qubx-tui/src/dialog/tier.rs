//! How much stands between a key and its effect. No I/O.

use qubx_protocol::Command;

/// What is asked before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Nothing: it is sent.
    Nothing,
    /// A key.
    Key,
    /// A whole word.
    Word(&'static str),
}

/// Returns what is asked before a command. On paper it is one step less than with real money.
pub(crate) fn tier(command: &Command, live: bool) -> Tier {
    let grave = match command {
        Command::Close { .. } => "close",
        Command::Flatten => "flat",
        Command::RestartKernel => "restart",
        Command::Stop { .. } => "stop",
        Command::CancelOrder { .. }
        | Command::CancelOrders { .. }
        | Command::Pause
        | Command::Resume
        | Command::SetParameter { .. } => {
            return if live { Tier::Key } else { Tier::Nothing };
        }
        _ => return Tier::Nothing,
    };
    if live { Tier::Word(grave) } else { Tier::Key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_paper_one_step_less_is_asked() {
        for (command, paper, live) in [
            (Command::Flatten, Tier::Key, Tier::Word("flat")),
            (Command::RestartKernel, Tier::Key, Tier::Word("restart")),
            (Command::Stop { flatten: true, keep_orders: false }, Tier::Key, Tier::Word("stop")),
            (Command::CancelOrders { instrument: None }, Tier::Nothing, Tier::Key),
            (Command::Pause, Tier::Nothing, Tier::Key),
            (Command::SetParameter { name: "fast".into(), value: 10.into() }, Tier::Nothing, Tier::Key),
            (Command::Interrupt { cell: None }, Tier::Nothing, Tier::Nothing),
        ] {
            assert_eq!((tier(&command, false), tier(&command, true)), (paper, live), "{command:?}");
        }
    }
}
