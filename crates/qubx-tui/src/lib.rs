//! qubx-tui
