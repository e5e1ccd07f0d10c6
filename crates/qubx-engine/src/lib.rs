//! qubx-engine
