//! Draws the board's screens as SVG files in `docs/`: the real engine and the real model on the
//! simulated bank, at a fixed time.
//!
//!     cargo run --example pictures

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cardtop::app::chord::Chord;
use cardtop::app::keymap::Keymap;
use cardtop::app::portfolio::Portfolio;
use cardtop::app::{Effect, Model, Msg, Start, update};
use cardtop::clock::Clock;
use cardtop::domain::text;
use cardtop::engine::{Engine, EngineEvent, Purpose, Setup};
use cardtop::provider::Config;
use cardtop::provider::http::{InProcess, Transport};
use cardtop::sandbox::{Dialect, Options, Sandbox};
use cardtop::ui;
use cardtop::ui::theme::{Background, Theme};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use tokio::sync::mpsc;

/// What is drawn: a file, a size, the keys before it, and how.
struct Picture {
    file: &'static str,
    size: (u16, u16),
    keys: &'static str,
    light: bool,
    ascii: bool,
}

const PICTURES: [Picture; 12] = [
    Picture { file: "board.svg", size: (120, 40), keys: "g", light: false, ascii: false },
    Picture {
        file: "screens/board-80x24.svg",
        size: (80, 24),
        keys: "g",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/board-200x60.svg",
        size: (200, 60),
        keys: "g",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/board-120x40-light.svg",
        size: (120, 40),
        keys: "g",
        light: true,
        ascii: false,
    },
    Picture {
        file: "screens/board-120x40-ascii.svg",
        size: (120, 40),
        keys: "g",
        light: false,
        ascii: true,
    },
    Picture {
        file: "screens/detail-120x40.svg",
        size: (120, 40),
        keys: "/ 4 2 4 2 enter enter",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/feed-120x40.svg",
        size: (120, 40),
        keys: "2 / s t a t u s : d e c l i n e d enter",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/activity-120x40.svg",
        size: (120, 40),
        keys: "3",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/providers-80x24.svg",
        size: (80, 24),
        keys: "4",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/freeze-80x24.svg",
        size: (80, 24),
        keys: "/ 4 2 4 2 enter f",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/top-up-80x24.svg",
        size: (80, 24),
        keys: "/ 4 2 4 2 enter T wait enter",
        light: false,
        ascii: false,
    },
    Picture {
        file: "screens/help-80x24.svg",
        size: (80, 24),
        keys: "?",
        light: false,
        ascii: false,
    },
];

/// Time of the pictures.
fn begin() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> anyhow::Result<()> {
    for picture in PICTURES {
        let svg = draw(&picture).await?;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(picture.file);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, svg)?;
    }
    Ok(())
}

async fn draw(picture: &Picture) -> anyhow::Result<String> {
    let folder = std::env::temp_dir().join(format!("cardtop-pictures-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let clock = Clock::from(begin());
    let bank = Sandbox::new(Options { busy: false, ..Options::default() }, clock.clone());
    let file = folder.join("cardtop.toml");
    bank.write_config(&|_| "http://127.0.0.1:9".to_owned(), &file)?;
    let config = Config::load(Some(&file))?;
    let served = bank.clone();
    let setup = Setup {
        config,
        data: folder.join("data"),
        notes: None,
        read_only: false,
        only: None,
        operator: "anay".into(),
        clock: clock.clone(),
        purpose: Purpose::Board,
        transport: Some(Arc::new(move |provider| -> Box<dyn Transport> {
            let dialect = Dialect::ALL
                .into_iter()
                .find(|dialect| dialect.name() == provider.kind())
                .expect("a known kind");
            Box::new(InProcess(served.router(dialect)))
        })),
    };
    let (engine, news) = Engine::open(setup).await.map_err(anyhow::Error::msg)?;
    engine.begin();
    let portfolio =
        Portfolio::new(clock.now(), TimeZone::UTC, "anay".into(), 7, engine.providers());
    let background = if picture.light { Background::Light } else { Background::Dark };
    let theme = Theme { ascii: picture.ascii, background, ..Theme::default() };
    let model = Model::new(Start { portfolio, size: picture.size, keymap: Keymap::default() });
    let mut desk = Desk { model, engine, news, clock };
    desk.pass(Duration::from_secs(6)).await;
    // Something in the journal, so that the activity has rows.
    for keys in [
        "/ 0 9 1 7 enter",
        "f wait 1 y",
        "esc esc",
        "/ 1 2 0 0 enter",
        "t wait 3 0 enter wait y",
        "esc esc",
    ] {
        desk.keys(keys).await;
    }
    desk.keys(picture.keys).await;
    desk.pass(Duration::from_secs(2)).await;
    let mut buffer = Buffer::empty(Rect::new(0, 0, picture.size.0, picture.size.1));
    ui::view(&desk.model, &theme, &mut buffer);
    desk.engine.stop().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(svg(&buffer, picture.light))
}

struct Desk {
    model: Model,
    engine: Engine,
    news: mpsc::Receiver<EngineEvent>,
    clock: Clock,
}

impl Desk {
    fn take(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg) {
            if let Effect::Ask(job) = effect {
                self.engine.ask(job);
            }
        }
    }

    /// Lets time pass; what the engine tells meanwhile is heard.
    async fn pass(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(Some(news)) = tokio::time::timeout_at(end, self.news.recv()).await {
            self.take(Msg::Tick(self.clock.now()));
            self.take(Msg::EngineEvent(news));
        }
        self.take(Msg::Tick(self.clock.now()));
    }

    /// Presses keys by their names; `wait` lets three seconds pass.
    async fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            if key == "wait" {
                self.pass(Duration::from_secs(3)).await;
                continue;
            }
            self.take(Msg::Tick(self.clock.now()));
            self.take(Msg::Key(key.parse::<Chord>().expect("a key of the pictures")));
        }
        self.pass(Duration::from_secs(4)).await;
    }
}

const WIDTH: usize = 9;
const HEIGHT: usize = 19;

fn svg(buffer: &Buffer, light: bool) -> String {
    let area = *buffer.area();
    let (ground, ink) = if light { ("#ffffff", "#24292f") } else { ("#16181d", "#d6d9de") };
    let (width, height) =
        (usize::from(area.width) * WIDTH + 24, usize::from(area.height) * HEIGHT + 24);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" \
         fill=\"{ground}\"/>\n<g font-family=\"ui-monospace, 'JetBrains Mono', 'DejaVu Sans \
         Mono', Menlo, Consolas, monospace\" font-size=\"15\" fill=\"{ink}\">\n"
    );
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let cell = &buffer[(x, y)];
            let mut run = String::new();
            let from = x;
            while x < area.right() && same(&buffer[(x, y)], cell) {
                run.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            span(
                &mut out,
                cell,
                &run,
                (usize::from(from), usize::from(y)),
                usize::from(x - from),
                (ground, ink),
            );
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn same(a: &Cell, b: &Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

fn span(
    out: &mut String,
    cell: &Cell,
    run: &str,
    (x, y): (usize, usize),
    columns: usize,
    (ground, ink): (&str, &str),
) {
    let (mut colour, mut behind) = (hue(cell.fg), hue(cell.bg));
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    if reversed {
        (colour, behind) = (behind.or(Some(ground.to_owned())), colour.or(Some(ink.to_owned())));
    }
    let (left, top, wide) = (x * WIDTH + 12, y * HEIGHT + 12, columns * WIDTH);
    if let Some(behind) = behind {
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{HEIGHT}\" \
             fill=\"{behind}\"/>"
        );
    }
    let fill = colour.as_deref().unwrap_or(ink);
    let weight = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let line = if cell.modifier.contains(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let base = top + 14;
    // Word by word, each at its own column, so that no font moves what stands behind it.
    let mut column = 0;
    for word in run.split(' ') {
        if !word.is_empty() {
            let (at, wide) = (left + column * WIDTH, text::width(word) * WIDTH);
            let word = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(
                out,
                "<text x=\"{at}\" y=\"{base}\" textLength=\"{wide}\" \
                 lengthAdjust=\"spacingAndGlyphs\" \
                 fill=\"{fill}\"{weight}{line}>{word}</text>"
            );
        }
        column += text::width(word) + 1;
    }
}

/// A colour of the 6x6x6 cube or of the greys; the theme of 256 colours uses no others.
fn hue(colour: Color) -> Option<String> {
    let Color::Indexed(index) = colour else { return None };
    let [red, green, blue] = match index.checked_sub(16)? {
        cell @ 0..216 => [cell / 36, cell / 6 % 6, cell % 6]
            .map(|level| if level == 0 { 0 } else { 55 + 40 * level }),
        grey => [8 + 10 * (grey - 216); 3],
    };
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}
