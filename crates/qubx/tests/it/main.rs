//! The program itself: real processes, a real kernel, real terminals.
//!
//! Every test has a home of its own, so they run beside one another. `QUBX_TEST_PYTHON` names a Python with ipykernel.
//! What is not there is skipped with a word, unless `QUBX_REQUIRE` has its name: `python,console,tmux,data,faketime`,
//! and for faults that not every machine lets one cause `strace,root,mount,cgroup`.

// All of this is a test, helpers too.
#![allow(clippy::unwrap_used)]

mod actions;
mod attach;
mod audit;
mod causes;
mod cells;
mod command_line;
mod commands;
mod configs;
mod damaged_log;
mod dashboard;
mod disk_room;
mod doctor;
mod escapes;
mod export;
mod failing_disk;
mod files;
mod full_disk;
mod given_back;
mod hang;
mod harness;
mod history;
mod homes;
mod idempotence;
mod init;
mod input;
mod jupyter;
mod kernel_death;
mod kernel_limits;
mod kernel_loss;
mod kernel_restart;
mod kills;
mod left_behind;
mod lifecycle;
mod listeners;
mod live;
mod logs;
mod lost_output;
mod other_user;
mod other_version;
mod output;
mod owner;
mod picker;
mod pictures;
mod places;
mod race;
mod real_data;
mod replay;
mod restore;
mod results;
mod roles;
mod service_death;
mod settings;
mod setup;
mod shared;
mod stale;
mod standstill;
mod start_up;
mod states;
mod stop;
mod stop_by_signal;
mod strategies;
mod supervision;
mod terminal;
mod third_client;
mod tickets;
mod trading;
mod verify;
mod wall_clock;
