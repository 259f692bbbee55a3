//! The whole of cardtop from outside: adapters against the sandbox, changes, faults, the command line, the terminal, the house.

mod changes;
mod command_line;
mod conformance;
mod faults;
mod harness;
mod hostile;
mod network;
mod outage;
mod paging;
mod payer;
mod proxy;
mod pty;
mod race;
mod settings;
mod tidy;
mod torture;
