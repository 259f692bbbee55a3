//! The commands of the board, as one table: dispatch, footer, help and the file of keys read it.
//!
//! A new command is a row of `TABLE`, the function that the row names, and its line in
//! `config.example.toml`, which a test asks for.

use super::dialog::Dialog;
use super::layout::Pane;
use super::list::{Direction, Motion};
use super::{Effect, Model};
use crate::domain::operation::ActionKind;
use crate::engine::Job;

/// One command of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandSpec {
    pub(crate) command: Command,
    /// Its name in the file of keys.
    pub(crate) name: &'static str,
    /// Its keys, unless the file of keys names others.
    pub(crate) keys: &'static [&'static str],
    /// Panes in which its keys work; an empty list means all of them.
    pub(crate) panes: &'static [Pane],
    /// Where the help puts it.
    pub(crate) group: Group,
    /// Where and how the footer names it.
    pub(crate) hint: Hint,
    /// The words of the help. Commands with the same words share a line.
    pub(crate) help: &'static str,
    pub(super) run: Run,
}

/// Where and how the footer names a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Nowhere.
    Hidden,
    /// In the first line, which has what the focused pane can do.
    Pane(&'static str),
    /// In the first line: the key of the command in the other direction, a separator, this
    /// command's key, and the words.
    Pair(Command, &'static str, &'static str),
    /// In the second line, which is about the whole board.
    Board(&'static str),
}

/// What a command does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// It changes what is shown, and asks nothing of the engine or the terminal.
    Show(fn(&mut Model)),
    /// It has effects outside the model.
    Effects(fn(&mut Model) -> Vec<Effect>),
}

/// Where the help puts a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Move,
    Find,
    /// Changing; each asks first.
    Act,
    Watch,
    /// Taking text away, by the clipboard.
    Share,
    /// Safety and the rest.
    Safety,
}

impl Group {
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Find => "Find",
            Self::Act => "Act (asks first)",
            Self::Watch => "Watch",
            Self::Share => "Share",
            Self::Safety => "Safety",
        }
    }
}

impl CommandSpec {
    /// Whether its keys work in a pane.
    pub(crate) fn works_in(&self, pane: Pane) -> bool {
        self.panes.is_empty() || self.panes.contains(&pane)
    }

    /// Whether it is about the card of the row under the cursor.
    pub(crate) fn is_about_a_card(&self) -> bool {
        [OF_A_CARD, WITH_ROWS, CARDS].contains(&self.panes)
    }

    /// Whether there is a pane in which the keys of both work.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        Pane::ALL.iter().any(|pane| self.works_in(*pane) && other.works_in(*pane))
    }
}

impl Command {
    /// Its row of the table.
    pub(crate) fn spec(self) -> Option<&'static CommandSpec> {
        TABLE.iter().find(|spec| spec.command == self)
    }
}

impl Model {
    /// Does what a command says.
    pub(super) fn carry_out(&mut self, command: Command) -> Vec<Effect> {
        match command.spec().map(|spec| spec.run) {
            Some(Run::Show(show)) => {
                show(self);
                Vec::new()
            }
            Some(Run::Effects(ask)) => ask(self),
            None => Vec::new(),
        }
    }
}

const EVERYWHERE: &[Pane] = &[];
const CARDS: &[Pane] = &[Pane::Cards];
const OF_A_CARD: &[Pane] = &[Pane::Cards, Pane::Detail, Pane::Feed];
const WITH_ROWS: &[Pane] = &[Pane::Cards, Pane::Detail, Pane::Feed, Pane::Activity];
const FEED: &[Pane] = &[Pane::Feed];
const SORTED: &[Pane] = &[Pane::Cards, Pane::Feed];
const ACTIVITY: &[Pane] = &[Pane::Activity];
const PROVIDERS: &[Pane] = &[Pane::Providers];
const TABBED: &[Pane] = &[Pane::Detail, Pane::Activity];
const FILTERED: &[Pane] = &[Pane::Cards, Pane::Feed, Pane::Activity];

/// Makes the enum and the table from the same rows, so that they cannot drift apart.
macro_rules! commands {
    ($($command:ident $name:literal $keys:tt $panes:ident $group:ident
       $hint:expr, $help:literal, $run:expr;)*) => {
        /// What a key means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Command {
            $(#[doc = concat!("`", $name, "` in the file of keys: ", $help, ".")] $command,)*
        }

        /// The table. Its order is the order of footer and help.
        pub(crate) const TABLE: &[CommandSpec] = &[$(CommandSpec {
            command: Command::$command,
            name: $name,
            keys: &$keys,
            panes: $panes,
            group: Group::$group,
            hint: $hint,
            help: $help,
            run: $run,
        }),*];
    };
}

commands! {
    Open "open" ["enter"] WITH_ROWS Move
        Hint::Pane("open"), "open", Run::Show(Model::open);
    Freeze "freeze" ["f"] OF_A_CARD Act
        Hint::Pane("freeze"), "freeze or unfreeze", Run::Effects(Model::freeze_or_unfreeze);
    TopUp "top-up" ["t"] OF_A_CARD Act
        Hint::Pane("top-up"), "top up",
        Run::Effects(|model| model.open_form(ActionKind::TopUp));
    Cover "cover" ["T"] OF_A_CARD Act
        Hint::Pane("cover"), "cover a decline",
        Run::Effects(Model::cover_decline);
    Pin "pin" ["P"] OF_A_CARD Act
        Hint::Pane("pin"), "set PIN",
        Run::Effects(|model| model.open_form(ActionKind::SetPin));
    Close "close" ["C"] OF_A_CARD Act
        Hint::Hidden, "close for good",
        Run::Effects(|model| model.open_form(ActionKind::Close));
    Actions "actions" ["x"] OF_A_CARD Act
        Hint::Pane("actions"), "all actions", Run::Effects(|model| model.open_dialog(Dialog::menu));
    CancelFreeze "cancel-freeze" ["X"] EVERYWHERE Act
        Hint::Hidden, "cancel a freeze", Run::Effects(Model::cancel_freeze);
    Check "check" ["c"] WITH_ROWS Act
        Hint::Pane("check now"), "check operation", Run::Effects(Model::look_up_operation);
    Settle "settle" ["s"] ACTIVITY Act
        Hint::Pane("settle"), "settle by hand", Run::Effects(Model::resolve_operation);
    Watch "watch" ["w"] OF_A_CARD Watch
        Hint::Pane("watch"), "watch this card", Run::Show(Model::toggle_watched);
    Copy "copy" ["y"] EVERYWHERE Share
        Hint::Pane("copy"), "copy menu", Run::Effects(Model::begin_copy);
    Mark "mark" ["space"] CARDS Watch
        Hint::Pane("mark"), "mark", Run::Show(|model| model.panes.cards.mark(&model.portfolio));
    MarkAll "mark-all" ["A"] CARDS Watch
        Hint::Hidden, "mark all", Run::Show(|model| model.panes.cards.mark_all());
    Unmark "unmark" ["U"] EVERYWHERE Watch
        Hint::Hidden, "drop all marks", Run::Show(|model| model.panes.cards.unmark());
    Left "left" ["h", "left"] TABBED Move
        Hint::Hidden, "tab", Run::Show(|model| model.tab(Direction::Backward));
    Right "right" ["l", "right"] TABBED Move
        Hint::Pair(Command::Left, "/", "tabs"), "tab",
        Run::Show(|model| model.tab(Direction::Forward));
    NextDecline "next-decline" ["e"] FILTERED Find
        Hint::Pane("decline"), "next decline", Run::Show(|model| model.seek(Direction::Forward));
    PreviousDecline "previous-decline" ["E"] FILTERED Find
        Hint::Hidden, "next decline", Run::Show(|model| model.seek(Direction::Backward));
    Explain "explain" ["i"] FEED Find
        Hint::Pane("explain"), "explain this row", Run::Show(Model::explain);
    Shorter "shorter" ["["] FEED Find
        Hint::Hidden, "time range",
        Run::Show(|model| model.step_range(Direction::Backward));
    Longer "longer" ["]"] FEED Find
        Hint::Pair(Command::Shorter, " ", "range"), "time range",
        Run::Show(|model| model.step_range(Direction::Forward));
    Pause "pause" ["p"] WITH_ROWS Watch
        Hint::Pane("pause"), "pause screen", Run::Show(Model::pause);
    Follow "follow" ["F"] FEED Watch
        Hint::Pane("follow"), "follow newest", Run::Show(|model| model.panes.feed.follow());
    PauseProvider "pause-provider" ["p"] PROVIDERS Watch
        Hint::Pane("pause provider"), "pause provider", Run::Effects(Model::pause_provider);
    Refresh "refresh" ["r"] EVERYWHERE Watch
        Hint::Pane("read now"), "read now, all", Run::Effects(Model::refresh);
    RefreshAll "refresh-all" ["R"] EVERYWHERE Watch
        Hint::Hidden, "read now, all", Run::Effects(Model::refresh_all);
    Sort "sort" ["s"] SORTED Find
        Hint::Pane("sort"), "sort, reverse", Run::Show(Model::sort_next);
    Reverse "reverse" ["S"] SORTED Find
        Hint::Hidden, "sort, reverse", Run::Show(Model::reverse);
    Zoom "zoom" ["z"] EVERYWHERE Move
        Hint::Pane("zoom"), "zoom pane", Run::Show(|model| model.screen.zoom());
    Down "down" ["j", "down"] EVERYWHERE Move
        Hint::Hidden, "row", Run::Show(|model| model.go(Motion::Down));
    Up "up" ["k", "up"] EVERYWHERE Move
        Hint::Hidden, "row", Run::Show(|model| model.go(Motion::Up));
    First "first" ["g", "home"] EVERYWHERE Move
        Hint::Hidden, "first, last", Run::Show(|model| model.go(Motion::First));
    Last "last" ["G", "end"] EVERYWHERE Move
        Hint::Hidden, "first, last", Run::Show(|model| model.go(Motion::Last));
    HalfDown "half-down" ["ctrl-d"] EVERYWHERE Move
        Hint::Hidden, "half page", Run::Show(|model| model.go(Motion::HalfDown));
    HalfUp "half-up" ["ctrl-u"] EVERYWHERE Move
        Hint::Hidden, "half page", Run::Show(|model| model.go(Motion::HalfUp));
    PageDown "page-down" ["pgdn"] EVERYWHERE Move
        Hint::Hidden, "page", Run::Show(|model| model.go(Motion::PageDown));
    PageUp "page-up" ["pgup"] EVERYWHERE Move
        Hint::Hidden, "page", Run::Show(|model| model.go(Motion::PageUp));
    Filter "filter" ["/"] EVERYWHERE Find
        Hint::Board("filter"), "filter", Run::Show(Model::type_filter);
    NextPane "next-pane" ["tab"] EVERYWHERE Move
        Hint::Board("pane"), "pane", Run::Show(|model| model.turn(Direction::Forward));
    PreviousPane "previous-pane" ["s-tab"] EVERYWHERE Move
        Hint::Hidden, "pane", Run::Show(|model| model.turn(Direction::Backward));
    Cards "cards" ["1"] EVERYWHERE Move
        Hint::Board("cards"), "view", Run::Show(|model| model.screen.show(Pane::Cards));
    Feed "feed" ["2"] EVERYWHERE Move
        Hint::Board("feed"), "view", Run::Show(|model| model.screen.show(Pane::Feed));
    Activity "activity" ["3"] EVERYWHERE Move
        Hint::Board("activity"), "view", Run::Show(|model| model.screen.show(Pane::Activity));
    Providers "providers" ["4"] EVERYWHERE Move
        Hint::Board("providers"), "view", Run::Show(|model| model.screen.show(Pane::Providers));
    LastView "last-view" ["-"] EVERYWHERE Move
        Hint::Hidden, "last view", Run::Show(|model| model.screen.show_last());
    Back "back" ["esc"] EVERYWHERE Move
        Hint::Board("back"), "back", Run::Show(Model::back);
    ReadOnly "read-only" ["ctrl-r"] EVERYWHERE Safety
        Hint::Board("read-only"), "read-only on/off",
        Run::Effects(|model| vec![Effect::Ask(Job::ReadOnly(!model.portfolio.read_only))]);
    Redraw "redraw" ["ctrl-l"] EVERYWHERE Safety
        Hint::Hidden, "draw again", Run::Effects(|_| vec![Effect::Redraw]);
    Suspend "suspend" ["ctrl-z"] EVERYWHERE Safety
        Hint::Hidden, "to the shell", Run::Effects(|_| vec![Effect::Suspend]);
    Help "help" ["?", "f1"] EVERYWHERE Safety
        Hint::Board("help"), "help", Run::Show(Model::show_help);
    Quit "quit" ["q", "ctrl-c"] EVERYWHERE Safety
        Hint::Board("quit"), "quit", Run::Effects(Model::quit);
}
