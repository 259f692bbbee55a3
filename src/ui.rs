//! Drawing: a function of the model, clipped to the buffer. Changes nothing.

pub mod dialog;
pub mod frame;
pub mod theme;

/// stub: replaced by the panes' own view when both are merged.
pub fn view(model: &crate::app::Model, to: &mut ratatui::buffer::Buffer) -> Option<ratatui::layout::Position> {
    dialog::view(&model.dialog, &model.world, &model.theme, to.area, to)
}
