//! qubx-kernel
