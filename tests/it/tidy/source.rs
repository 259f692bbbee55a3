//! The production code of a source file, as tokens: without comments, strings and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item};

/// A source file of the crate, parsed.
pub(super) struct Source {
    /// Below `src/`, with `/`.
    pub(super) file: String,
    pub(super) text: String,
    /// What is left when tests are taken out, at every depth.
    pub(super) items: Vec<Item>,
    /// Lines that tests take up, below the last production line or between two.
    test_lines: usize,
}

impl Source {
    /// # Panics
    /// When the text is not Rust.
    pub(super) fn parse(file: &str, text: &str) -> Self {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut test_lines = 0;
        let items = without_tests(parsed.items, &mut test_lines);
        Self { file: file.to_owned(), text: text.to_owned(), items, test_lines }
    }

    /// Lines of the file without those of its tests.
    pub(super) fn production_lines(&self) -> usize {
        self.text.lines().count() - self.test_lines
    }

    /// The production code in order, each token with its line.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let mut out = Vec::new();
        for item in &self.items {
            flatten(item.to_token_stream(), &mut out);
        }
        out
    }

    /// The path of its module: `["app", "dialog"]` for `app/dialog.rs`; empty for `lib.rs`.
    pub(super) fn module(&self) -> Vec<String> {
        let path = self.file.trim_end_matches(".rs");
        if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    }

    /// The room of the file: its first folder, or its own name.
    pub(super) fn room(&self) -> &str {
        self.file.split(['/', '.']).next().unwrap_or_default()
    }

    /// The paths that the code names from the crate's root: `crate::`, `super::` and, in the
    /// binary, `cardtop::`, with the branches of a `use` each by itself.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        let mut out = Vec::new();
        let module = self.module();
        let binary = self.file == "main.rs";
        for item in &self.items {
            paths(&tree(item.to_token_stream()), &module, binary, &mut out);
        }
        out
    }
}

/// A token with its line.
pub(super) struct Token {
    /// `""` for every string: text is no code.
    pub(super) text: String,
    pub(super) line: usize,
    /// A string as it is written, with its quotes.
    pub(super) quoted: Option<String>,
}

impl Token {
    fn new(text: impl Into<String>, line: usize) -> Self {
        Self { text: text.into(), line, quoted: None }
    }
}

/// Every production file below `src/`.
pub(super) fn sources(root: &Path) -> Vec<Source> {
    let mut files = BTreeMap::new();
    walk(&root.join("src"), &root.join("src"), &mut files);
    assert!(files.len() > 100, "the sources were not found");
    let tests = test_files(&files);
    files
        .iter()
        .filter(|(file, _)| !tests.contains(*file))
        .map(|(file, text)| Source::parse(file, text))
        .collect()
}

fn walk(folder: &Path, base: &Path, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, base, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path.strip_prefix(base).expect("below src").to_string_lossy().into_owned();
            into.insert(name, fs::read_to_string(&path).expect("a source file"));
        }
    }
}

/// The files of modules that exist only in tests (`#[cfg(test)] mod NAME;`), and all below them.
pub(super) fn test_files(files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for (file, text) in files {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let folder = match file.trim_end_matches(".rs") {
            "lib" | "main" => String::new(),
            path => format!("{path}/"),
        };
        for item in parsed.items {
            if let Item::Mod(module) = item
                && module.content.is_none()
                && is_test(&module.attrs)
            {
                let name = format!("{folder}{}", module.ident);
                let below = format!("{name}/");
                let own = format!("{name}.rs");
                tests.extend(files.keys().filter(|f| **f == own || f.starts_with(&below)).cloned());
            }
        }
    }
    tests
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.to_token_stream().to_string().replace(' ', "").contains("(test)")
    })
}

fn without_tests(items: Vec<Item>, test_lines: &mut usize) -> Vec<Item> {
    let mut out = Vec::new();
    for mut item in items {
        let attributes: &[Attribute] = match &item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if is_test(attributes) {
            *test_lines += lines_of(&item);
            continue;
        }
        if let Item::Mod(module) = &mut item
            && let Some((_, inner)) = &mut module.content
        {
            *inner = without_tests(std::mem::take(inner), test_lines);
        }
        out.push(item);
    }
    out
}

/// How many lines of the file something takes up.
pub(super) fn lines_of(what: &impl ToTokens) -> usize {
    let mut tokens = Vec::new();
    flatten(what.to_token_stream(), &mut tokens);
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => last.line - first.line + 1,
        (None, _) | (_, None) => 0,
    }
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let line = group.span_open().start().line;
                out.push(Token::new(open, line));
                flatten(group.stream(), out);
                let line = group.span_close().start().line;
                out.push(Token::new(close, line));
            }
            TokenTree::Literal(literal) => {
                let (text, line) = (literal.to_string(), literal.span().start().line);
                out.push(if text.contains('"') {
                    Token { quoted: Some(text), ..Token::new("\"\"", line) }
                } else {
                    Token::new(text, line)
                });
            }
            TokenTree::Ident(word) => {
                out.push(Token::new(word.to_string(), word.span().start().line));
            }
            TokenTree::Punct(sign) => {
                out.push(Token::new(sign.as_char().to_string(), sign.span().start().line));
            }
        }
    }
}

/// A token, with `::` as one.
enum Node {
    Word(String),
    Colons,
    Other,
    Group(Vec<Self>),
}

fn tree(stream: TokenStream) -> Vec<Node> {
    let mut out = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        out.push(match token {
            TokenTree::Group(group) => Node::Group(tree(group.stream())),
            TokenTree::Ident(word) => Node::Word(word.to_string()),
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => {
                tokens.next();
                Node::Colons
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => Node::Other,
        });
    }
    out
}

fn paths(nodes: &[Node], module: &[String], binary: bool, out: &mut Vec<Vec<String>>) {
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        let root = match node {
            Node::Word(word) if word == "crate" || (binary && word == "cardtop") => {
                Some(Vec::new())
            }
            Node::Word(word) if word == "super" => {
                Some(module.get(..module.len().saturating_sub(1)).unwrap_or_default().to_vec())
            }
            Node::Word(word) if word == "self" => Some(module.to_vec()),
            Node::Word(_) | Node::Colons | Node::Other => None,
            Node::Group(inner) => {
                paths(inner, module, binary, out);
                None
            }
        };
        at += 1;
        if let Some(root) = root
            && matches!(nodes.get(at), Some(Node::Colons))
        {
            at = branch(nodes, at, root, out);
        }
    }
}

/// Follows a path from the `::` at `at`; answers with the place behind it.
fn branch(
    nodes: &[Node],
    mut at: usize,
    mut path: Vec<String>,
    out: &mut Vec<Vec<String>>,
) -> usize {
    while matches!(nodes.get(at), Some(Node::Colons)) {
        match nodes.get(at + 1) {
            Some(Node::Word(word)) if word == "super" => {
                path.pop();
            }
            Some(Node::Word(word)) => path.push(word.clone()),
            Some(Node::Group(inner)) => {
                branches(inner, &path, out);
                return at + 2;
            }
            Some(Node::Colons | Node::Other) | None => break,
        }
        at += 2;
    }
    out.push(path);
    at
}

/// The branches of `{a, b::c, self}` behind a path.
fn branches(nodes: &[Node], path: &[String], out: &mut Vec<Vec<String>>) {
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        at += 1;
        if let Node::Word(word) = node {
            let mut own = path.to_vec();
            if word != "self" {
                own.push(word.clone());
            }
            at = branch(nodes, at, own, out);
        }
    }
}
