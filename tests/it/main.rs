//! The whole of cardtop from outside: adapters against the sandbox, changes, faults, the command
//! line, the terminal, the house.

mod background;
mod bulk;
mod certificates;
mod changes;
mod clipboard;
mod columns;
mod command_line;
mod configuration;
mod conformance;
mod contract;
mod doctor;
mod export;
mod faults;
mod fifth_provider;
mod first_steps;
mod free_text;
mod harness;
mod history;
mod hostile;
mod identity;
mod interview;
mod memory;
mod network;
mod outage;
mod own_files;
mod paging;
mod payer;
mod performance;
mod proxy;
mod pty;
mod queue;
mod race;
mod reading;
mod reconcile;
mod refresh;
mod report;
mod roster;
mod scenarios;
mod schema;
mod settings;
mod stories;
mod terminal;
mod tidy;
mod torture;
mod two_boards;
mod waiting;
mod watch;
mod webhooks;

/// The program's own allocator, for the test that counts copies of secrets.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
