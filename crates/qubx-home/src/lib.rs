//! qubx-home
