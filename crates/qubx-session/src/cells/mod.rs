//! The cells: their queue, what they show and ask, and their interrupts.

pub(crate) mod causes;
pub(crate) mod interrupts;
pub(crate) mod outputs;
pub(crate) mod printed;
pub(crate) mod prompts;
pub(crate) mod queue;
pub(crate) mod recent;
