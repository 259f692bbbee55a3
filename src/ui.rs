//! Drawing: a function of the model, clipped to the buffer. Changes nothing.

pub mod dialog;
pub mod frame;
pub mod theme;
