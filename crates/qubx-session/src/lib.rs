//! qubx-session
