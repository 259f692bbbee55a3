//! Drawing: a function of the model, clipped to the buffer. Changes nothing.

pub mod frame;
pub mod theme;
