//! The whole of cardtop from outside: adapters against the sandbox, changes, faults, the command line, the terminal, the house.

mod changes;
mod command_line;
mod conformance;
mod harness;
mod pty;
mod tidy;
