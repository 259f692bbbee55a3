//! Dialogs: a stack, keys go to the top one. Each is pinned to its card by identity.
