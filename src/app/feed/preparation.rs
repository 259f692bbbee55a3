//! What is done for a filter before its first letter, so that this need not wait for it.

/// How far the preparation is: it is made once behind the first frame, and again whenever the line
/// of the filter is opened, since names may have come meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Preparation {
    is_done: bool,
    is_going_on: bool,
    was_typing: bool,
}

impl Preparation {
    /// Whether a part of it is to be done now.
    pub(super) const fn is_wanted(self, is_typing: bool, is_loaded: bool) -> bool {
        self.was_typing != is_typing || !self.is_done && (is_typing || is_loaded)
    }

    /// Does the next part; `prepare` tells whether all is done then.
    pub(super) fn step(&mut self, is_typing: bool, prepare: impl FnOnce() -> bool) {
        if is_typing && !self.was_typing {
            self.is_done = false;
        }
        self.was_typing = is_typing;
        self.is_done = self.is_done || prepare();
        self.is_going_on = !self.is_done;
    }

    /// Whether there is more to be done.
    pub(super) const fn is_going_on(self) -> bool {
        self.is_going_on
    }
}
