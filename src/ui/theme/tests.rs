//! The contrast of every role on the usual palettes.

#![expect(clippy::float_arithmetic, reason = "contrast is defined with fractional powers")]

use super::*;

/// An RGB colour.
type Rgb = u32;

/// The 16 colours of a terminal as it is shipped, its pairs of text and background, and whether
/// it draws bold text of the first eight colours in the bright ones.
struct Terminal {
    name: &'static str,
    colors: [Rgb; 16],
    dark: &'static [(Rgb, Rgb)],
    light: &'static [(Rgb, Rgb)],
    bold_is_bright: bool,
}

const TERMINALS: &[Terminal] = &[
    Terminal {
        name: "xterm",
        colors: [
            0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5,
            0x7f_7f7f, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
        ],
        dark: &[(0xe5_e5e5, 0x00_0000)],
        light: &[(0x00_0000, 0xff_ffff)],
        bold_is_bright: true,
    },
    Terminal {
        name: "VTE, Tango",
        colors: [
            0x2e_3436, 0xcc_0000, 0x4e_9a06, 0xc4_a000, 0x34_65a4, 0x75_507b, 0x06_989a, 0xd3_d7cf,
            0x55_5753, 0xef_2929, 0x8a_e234, 0xfc_e94f, 0x72_9fcf, 0xad_7fa8, 0x34_e2e2, 0xee_eeec,
        ],
        dark: &[(0xff_ffff, 0x00_0000), (0xd3_d7cf, 0x00_0000)],
        light: &[(0x00_0000, 0xff_ffff), (0x2e_3436, 0xff_ffff)],
        bold_is_bright: true,
    },
    Terminal {
        name: "VTE, GNOME",
        colors: [
            0x17_1421, 0xc0_1c28, 0x26_a269, 0xa2_734c, 0x12_488b, 0xa3_47ba, 0x2a_a1b3, 0xd0_cfcc,
            0x5e_5c64, 0xf6_6151, 0x33_da7a, 0xe9_ad0c, 0x2a_7bde, 0xc0_61cb, 0x33_c7de, 0xff_ffff,
        ],
        dark: &[(0xd0_cfcc, 0x17_1421), (0xff_ffff, 0x00_0000)],
        light: &[(0x17_1421, 0xff_ffff)],
        bold_is_bright: false,
    },
    Terminal {
        name: "kitty",
        colors: [
            0x00_0000, 0xcc_0403, 0x19_cb00, 0xce_cb00, 0x0d_73cc, 0xcb_1ed1, 0x0d_cdcd, 0xdd_dddd,
            0x76_7676, 0xf2_201f, 0x23_fd00, 0xff_fd00, 0x1a_8fff, 0xfd_28ff, 0x14_ffff, 0xff_ffff,
        ],
        dark: &[(0xdd_dddd, 0x00_0000)],
        light: &[(0x00_0000, 0xff_ffff)],
        bold_is_bright: false,
    },
    Terminal {
        name: "urxvt",
        colors: [
            0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00cd, 0xcd_00cd, 0x00_cdcd, 0xfa_ebd7,
            0x40_4040, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x00_00ff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
        ],
        dark: &[(0xff_ffff, 0x00_0000)],
        light: &[(0x00_0000, 0xff_ffff)],
        bold_is_bright: true,
    },
    // tmux and screen show the palette of the terminal around them, in which they may ask for
    // bright instead of bold.
    Terminal {
        name: "tmux and screen in a terminal with GNOME's palette",
        colors: [
            0x17_1421, 0xc0_1c28, 0x26_a269, 0xa2_734c, 0x12_488b, 0xa3_47ba, 0x2a_a1b3, 0xd0_cfcc,
            0x5e_5c64, 0xf6_6151, 0x33_da7a, 0xe9_ad0c, 0x2a_7bde, 0xc0_61cb, 0x33_c7de, 0xff_ffff,
        ],
        dark: &[(0xd0_cfcc, 0x17_1421)],
        light: &[(0x17_1421, 0xff_ffff)],
        bold_is_bright: true,
    },
];

/// Text and background of widely used schemes, which replace the 16 colours but not the others.
const DARK_SCHEMES: &[(&str, Rgb, Rgb)] = &[
    ("Solarized dark", 0x83_9496, 0x00_2b36),
    ("Catppuccin Mocha", 0xcd_d6f4, 0x1e_1e2e),
    ("Dracula", 0xf8_f8f2, 0x28_2a36),
    ("One Dark", 0xab_b2bf, 0x28_2c34),
    ("Tango on its own black", 0xd3_d7cf, 0x2e_3436),
];
const LIGHT_SCHEMES: &[(&str, Rgb, Rgb)] = &[
    ("Solarized light", 0x65_7b83, 0xfd_f6e3),
    ("Catppuccin Latte", 0x4c_4f69, 0xef_f1f5),
    ("Gruvbox light", 0x3c_3836, 0xfb_f1c7),
    ("One Light", 0x38_3a42, 0xfa_fafa),
];

/// Every role, each with the least contrast that it needs.
const ROLES: [(Role, f64); 14] = [
    (Role::Text, 4.5),
    (Role::Muted, 4.5),
    (Role::Heading, 4.5),
    (Role::Selection, 4.5),
    (Role::Focus, 4.5),
    (Role::Good, 4.5),
    (Role::Caution, 4.5),
    (Role::Danger, 4.5),
    (Role::Money, 4.5),
    (Role::Stale, 4.5),
    (Role::Border, 3.0),
    (Role::Key, 4.5),
    (Role::Prod, 4.5),
    (Role::Input, 4.5),
];

/// The relative luminance of WCAG 2.
fn luminance(color: Rgb) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from((color >> shift) & 0xff) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A colour from 16 on, as xterm and all after it have it.
fn fixed(index: u8) -> Rgb {
    let step = |level: u8| [0, 95, 135, 175, 215, 255].get(usize::from(level)).copied();
    match index.checked_sub(16) {
        Some(cell @ 0..216) => [cell / 36, cell / 6 % 6, cell % 6]
            .into_iter()
            .fold(0, |color, level| color << 8 | step(level).expect("one of six levels")),
        Some(grey) => (8 + 10 * Rgb::from(grey - 216)) * 0x01_0101,
        None => panic!("{index} is a colour of the palette: each terminal has another"),
    }
}

/// The number of one of the 16 colours.
fn number(color: Color) -> usize {
    let names = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    names.iter().position(|name| *name == color).expect("one of the 16")
}

/// What a terminal shows for a style on its text and background: the colours of words and of what
/// is behind them.
fn shown(style: Style, terminal: Option<&Terminal>, (text, behind): (Rgb, Rgb)) -> (Rgb, Rgb) {
    assert!(!style.add_modifier.contains(Modifier::DIM), "each terminal draws dim differently");
    let bold = style.add_modifier.contains(Modifier::BOLD);
    let resolve = |color: Option<Color>, usual: Rgb, brightens: bool| match color {
        None => usual,
        Some(Color::Indexed(index)) => fixed(index),
        Some(named) => {
            let terminal = terminal.expect("a scheme without 16 colours of its own");
            let bright = brightens && bold && terminal.bold_is_bright;
            let number = number(named);
            terminal.colors[if bright && number < 8 { number + 8 } else { number }]
        }
    };
    let colors = (resolve(style.fg, text, true), resolve(style.bg, behind, false));
    if style.add_modifier.contains(Modifier::REVERSED) { (colors.1, colors.0) } else { colors }
}

/// What is too faint of a theme on these backgrounds.
fn faint(
    theme: Theme,
    terminal: Option<&Terminal>,
    name: &str,
    pairs: &[(Rgb, Rgb)],
) -> Vec<String> {
    let mut faint = Vec::new();
    for pair in pairs {
        for (role, least) in ROLES {
            let (words, behind) = shown(theme.style(role), terminal, *pair);
            // No style can do better than the terminal's own text.
            let least = least.min(contrast(pair.0, pair.1));
            let reached = contrast(words, behind);
            if reached < least {
                faint.push(format!("{role:?} on {name} {pair:06x?} {theme:?}: {reached:.2}"));
            }
        }
    }
    faint
}

fn themes(background: Background) -> [Theme; 3] {
    let many = Theme { background, ..Theme::default() };
    [many, Theme { colors: Colors::Sixteen, ..many }, Theme { mono: true, ..many }]
}

#[test]
fn every_role_is_readable_on_every_usual_palette_dark_and_light() {
    let mut too_faint = Vec::new();
    for terminal in TERMINALS {
        for (background, pairs) in
            [(Background::Dark, terminal.dark), (Background::Light, terminal.light)]
        {
            for theme in themes(background) {
                too_faint.extend(faint(theme, Some(terminal), terminal.name, pairs));
            }
        }
    }
    assert_eq!(too_faint, Vec::<String>::new());
}

#[test]
fn every_role_is_readable_on_white_and_on_black_while_the_background_is_not_known() {
    let both = [(0xff_ffff, 0x00_0000), (0x00_0000, 0xff_ffff)];
    let mut too_faint = Vec::new();
    for terminal in TERMINALS {
        for theme in themes(Background::Unknown) {
            too_faint.extend(faint(theme, Some(terminal), terminal.name, &both));
        }
    }
    assert_eq!(too_faint, Vec::<String>::new());
}

#[test]
fn the_fixed_colours_are_readable_on_backgrounds_that_are_not_quite_black_or_white() {
    let mut too_faint = Vec::new();
    for (background, schemes) in
        [(Background::Dark, DARK_SCHEMES), (Background::Light, LIGHT_SCHEMES)]
    {
        let [many, ..] = themes(background);
        for (name, text, behind) in schemes {
            too_faint.extend(faint(many, None, name, &[(*text, *behind)]));
        }
    }
    assert_eq!(too_faint, Vec::<String>::new());
}

#[test]
fn contrast_is_that_of_wcag() {
    let known =
        [(0x00_0000, 0xff_ffff, 21.0), (0x76_7676, 0xff_ffff, 4.54), (0xff_0000, 0xff_ffff, 4.0)];
    for (one, other, ratio) in known {
        assert!((contrast(one, other) - ratio).abs() < 0.01, "{one:06x} on {other:06x}");
    }
    assert_eq!((fixed(16), fixed(160), fixed(231)), (0x00_0000, 0xd7_0000, 0xff_ffff));
    assert_eq!((fixed(244), fixed(255)), (0x80_8080, 0xee_eeee));
    // The faults that the colours before had: cyan and green on white, and bold cyan as tmux draws
    // it.
    for (color, least, most) in
        [(0x00_cdcd, 1.9, 2.0), (0x00_cd00, 2.0, 2.2), (0x00_ffff, 1.2, 1.3)]
    {
        let ratio = contrast(color, 0xff_ffff);
        assert!(least < ratio && ratio < most, "{color:06x}: {ratio}");
    }
}

#[test]
fn the_row_under_the_cursor_and_what_is_wrong_look_different_from_text_in_every_theme() {
    for background in [Background::Dark, Background::Light, Background::Unknown] {
        for theme in themes(background) {
            let text = theme.style(Role::Text);
            for role in [Role::Selection, Role::Prod, Role::Danger, Role::Caution, Role::Focus] {
                assert_ne!(theme.style(role), text, "{role:?} {theme:?}");
            }
            assert_ne!(theme.style(Role::Danger), theme.style(Role::Caution), "{theme:?}");
            assert_ne!(theme.style(Role::Danger), theme.style(Role::Heading), "{theme:?}");
        }
    }
}
