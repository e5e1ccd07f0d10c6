//! What an author's code fails with, a panic too, in words.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::StrategyError;

/// Runs what a strategy's author wrote, and returns what it failed with, a panic too, in words.
pub(super) fn guarded<T>(body: impl FnOnce() -> Result<T, StrategyError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(with_causes(&*error)),
        Err(panic) => {
            let place = PANICKED_AT.take().map(|place| format!(" at {place}")).unwrap_or_default();
            Err(format!("it panicked{place}: {}", words_of(&*panic)))
        }
    }
}

thread_local! {
    /// Where this thread panicked last; only strategies' threads note it.
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
    static NOTES_PANICS: Cell<bool> = const { Cell::new(false) };
}

/// Has panics of this thread note their place, beside what happens at a panic anyway.
pub(super) fn note_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if NOTES_PANICS.get() {
                PANICKED_AT.set(panic.location().map(|place| format!("{}:{}", place.file(), place.line())));
            }
            before(panic);
        }));
    });
    NOTES_PANICS.set(true);
}

/// Returns an error with all that caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
