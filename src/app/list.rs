//! A scrolled list whose cursor stays on its row by identity, wherever that row moves to.
//!
//! Knows nothing about its rows but their keys. It need not hold those: a list of ten million rows
//! asks for the few that can be seen.

/// The rows of a list, from the first to the last.
pub(crate) trait Rows<K> {
    /// How many there are.
    fn len(&self) -> usize;
    /// The key of the row at an index.
    fn nth(&self, index: usize) -> Option<K>;
    /// The index of a row.
    fn position(&self, key: &K) -> Option<usize>;
    /// Whether more rows may be found behind, or among, those that are there.
    fn is_growing(&self) -> bool {
        false
    }
}

impl<K: Clone + PartialEq> Rows<K> for Vec<K> {
    fn len(&self) -> usize {
        self.len()
    }

    fn nth(&self, index: usize) -> Option<K> {
        self.get(index).cloned()
    }

    fn position(&self, key: &K) -> Option<usize> {
        self.iter().position(|known| known == key)
    }
}

/// Rows by identity, the cursor and what can be seen.
#[derive(Clone, Debug)]
pub(crate) struct List<K, R = Vec<K>> {
    rows: R,
    /// Index of the row under the cursor.
    at: usize,
    /// The row under the cursor.
    selected: Option<K>,
    /// A row that the cursor was on and that was not found again yet.
    lost: Option<K>,
    /// Index of the first row that can be seen.
    top: usize,
    /// What that is at the height at which the cursor or a row was moved last.
    top_before: usize,
    /// Rows that can be seen, 1 at least.
    height: usize,
    /// Until it was moved for the first time the cursor stays on the first row, whatever arrives.
    touched: bool,
    /// Where the cursor was before a filter began to be typed.
    before_typing: Option<Cursor<K>>,
}

/// Where the cursor is.
#[derive(Clone, Debug)]
struct Cursor<K> {
    selected: Option<K>,
    at: usize,
    top: usize,
    touched: bool,
}

/// Why there are other rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A letter of a filter was typed. The cursor goes where it would be if all letters had come at
    /// once: to its row of before, where the filter shows that.
    Typed,
    /// Something has happened while a filter is being typed.
    WhileTyping,
    Other,
}

impl<K, R: Default> Default for List<K, R> {
    fn default() -> Self {
        let rows = R::default();
        Self {
            rows,
            at: 0,
            selected: None,
            lost: None,
            top: 0,
            top_before: 0,
            height: 1,
            touched: false,
            before_typing: None,
        }
    }
}

/// How the cursor is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Half of what can be seen down.
    HalfDown,
    /// Half of what can be seen up.
    HalfUp,
    /// All of what can be seen down.
    PageDown,
    /// All of what can be seen up.
    PageUp,
}

/// One of two ways: up or down, left or right, back or on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Backward,
    Forward,
}

impl<K: Clone + PartialEq> List<K> {
    /// New rows. The cursor stays on its row, and that row where it was on screen; when it is gone,
    /// the cursor stays at its index.
    pub(crate) fn set(&mut self, keys: Vec<K>) {
        self.change(|rows| *rows = keys);
    }

    /// All rows.
    #[cfg(test)]
    pub(crate) fn keys(&self) -> &[K] {
        &self.rows
    }

    /// Moves to the next row of a kind; `false` when there is none.
    pub(crate) fn seek(&mut self, direction: Direction, wanted: impl Fn(&K) -> bool) -> bool {
        let found = match direction {
            Direction::Backward => self.rows.iter().take(self.at).rposition(&wanted),
            Direction::Forward => {
                let from = self.at + 1;
                self.rows.iter().skip(from).position(&wanted).map(|further| from + further)
            }
        };
        if let Some(index) = found {
            self.select_at(index);
        }
        found.is_some()
    }
}

impl<K: Clone, R: Rows<K>> List<K, R> {
    /// Changes the rows as [`Self::change`] does, and puts the cursor where it belongs for that
    /// reason.
    pub(crate) fn change_for<T>(&mut self, cause: Cause, change: impl FnOnce(&mut R) -> T) -> T {
        let before = match cause {
            Cause::Typed => Some(self.before_typing.take().unwrap_or_else(|| self.cursor())),
            Cause::WhileTyping => self.before_typing.take(),
            Cause::Other => None,
        };
        if let (Cause::Typed, Some(before)) = (cause, &before) {
            (self.at, self.top, self.touched) = (before.at, before.top, before.touched);
            (self.selected, self.lost) = (before.selected.clone(), None);
        }
        let changed = self.change(change);
        self.before_typing = before;
        changed
    }

    fn cursor(&self) -> Cursor<K> {
        let Self { at, top, touched, .. } = *self;
        Cursor { selected: self.lost.clone().or_else(|| self.selected.clone()), at, top, touched }
    }

    /// Changes the rows. The cursor stays on its row, and that row where it was on screen; when it
    /// is gone, the cursor stays at its index. Where the rows are still being searched, it returns
    /// to its row when that is found, unless the operator moves it first.
    pub(crate) fn change<T>(&mut self, change: impl FnOnce(&mut R) -> T) -> T {
        let before = self.lost.take().or_else(|| self.selected.take());
        let changed = change(&mut self.rows);
        if self.touched {
            let index = before.as_ref().and_then(|cursor| self.rows.position(cursor));
            let screen_row = self.at.saturating_sub(self.top);
            if let Some(index) = index {
                self.at = index;
                self.top = index.saturating_sub(screen_row);
            } else if self.rows.is_growing() {
                self.lost = before;
            }
        } else {
            (self.at, self.top) = (0, 0);
        }
        self.scroll();
        changed
    }

    /// Puts the cursor on a row, where there is such a row.
    pub(crate) fn select(&mut self, key: &K) -> bool {
        let index = self.rows.position(key);
        if let Some(index) = index {
            self.select_at(index);
        }
        index.is_some()
    }

    /// Puts the cursor on the row at an index.
    pub(crate) fn select_at(&mut self, index: usize) {
        (self.at, self.touched, self.lost) = (index, true, None);
        self.scroll();
    }

    /// Puts the cursor on a row until the operator moves it; afterwards it does nothing.
    pub(crate) fn rest_on(&mut self, key: &K) {
        if !self.touched {
            self.at = self.rows.position(key).unwrap_or(self.at);
            self.scroll();
        }
    }

    /// What the rows are.
    pub(crate) const fn rows(&self) -> &R {
        &self.rows
    }

    /// The row under the cursor.
    pub(crate) const fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// Whether the operator has moved the cursor, or something else has put it on its row.
    pub(crate) const fn is_touched(&self) -> bool {
        self.touched
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows that can be seen, and whether the cursor is on each.
    pub(crate) fn window(&self) -> impl Iterator<Item = (K, bool)> {
        let (from, until) = self.range();
        (from..until).filter_map(|index| Some((self.rows.nth(index)?, index == self.at)))
    }

    /// Index of the row under the cursor.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Indices of the first row that can be seen and of the one behind the last.
    pub(crate) fn range(&self) -> (usize, usize) {
        (self.top, (self.top + self.height).min(self.rows.len()))
    }

    /// How many rows can be seen.
    pub(crate) fn set_height(&mut self, height: usize) {
        if self.height != height.max(1) {
            self.height = height.max(1);
            self.top = self.first_seen(self.top_before);
        }
    }

    /// From now on the cursor stays on the row where it is.
    pub(crate) const fn hold(&mut self) {
        self.touched = true;
    }

    /// The cursor follows the first row again.
    pub(crate) fn follow_first(&mut self) {
        (self.at, self.top, self.touched, self.lost) = (0, 0, false, None);
        self.scroll();
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, motion: Motion) {
        (self.touched, self.lost) = (true, None);
        let last = self.rows.len().saturating_sub(1);
        self.at = match motion {
            Motion::Down => self.at + 1,
            Motion::Up => self.at.saturating_sub(1),
            Motion::First => 0,
            Motion::Last => last,
            Motion::HalfDown => self.at + (self.height / 2).max(1),
            Motion::HalfUp => self.at.saturating_sub((self.height / 2).max(1)),
            Motion::PageDown => self.at + self.height,
            Motion::PageUp => self.at.saturating_sub(self.height),
        }
        .min(last);
        self.scroll();
    }

    fn scroll(&mut self) {
        let rows = self.rows.len();
        self.at = self.at.min(rows.saturating_sub(1));
        self.top = self.first_seen(self.top);
        self.top_before = self.top;
        self.selected = self.rows.nth(self.at);
    }

    /// The first row that can be seen, as near to `top` as the cursor and the last row let it be.
    fn first_seen(&self, top: usize) -> usize {
        let top = top.min(self.at).max((self.at + 1).saturating_sub(self.height));
        top.min(self.rows.len().saturating_sub(self.height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(keys: &str) -> List<char> {
        let mut list = List::default();
        list.set_height(3);
        list.set(keys.chars().collect());
        list
    }

    fn seen(list: &List<char>) -> String {
        list.window()
            .map(|(key, cursor)| if cursor { key.to_ascii_uppercase() } else { key })
            .collect()
    }

    #[test]
    fn the_cursor_stays_on_its_row_when_rows_come_and_go() {
        let mut list = list("abcdef");
        assert_eq!(seen(&list), "Abc");
        list.go(Motion::Down);
        list.set("xyabcdef".chars().collect());
        assert_eq!(list.selected(), Some(&'b'));
        list.set("xyacdef".chars().collect());
        assert_eq!(list.selected(), Some(&'c'), "the row that took its place");
        list.set(Vec::new());
        assert_eq!(list.selected(), None);
    }

    #[test]
    fn before_the_first_key_the_cursor_waits_on_the_first_row() {
        let mut list = list("ab");
        list.set("xab".chars().collect());
        assert_eq!(list.selected(), Some(&'x'));
        list.hold();
        list.set("yxab".chars().collect());
        assert_eq!(list.selected(), Some(&'x'));
    }

    #[test]
    fn pages_ends_and_searches_stay_inside() {
        let mut list = list("abcdefg");
        list.go(Motion::PageDown);
        assert_eq!(seen(&list), "bcD");
        list.go(Motion::Last);
        assert_eq!(seen(&list), "efG");
        list.go(Motion::Down);
        assert_eq!(list.at(), 6);
        assert!(
            list.seek(Direction::Backward, |key| *key == 'b')
                && !list.seek(Direction::Backward, |key| *key == 'b')
        );
        assert_eq!(seen(&list), "Bcd");
        list.set_height(9);
        assert_eq!(list.range(), (0, 7));
    }
}
