//! How long files, functions and lines may be, and how wide structs.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItemFn, ItemFn, ItemStruct, Lit, Meta, TraitItemFn};

use super::source::{Source, lines_of};

/// Lines of a production file, without its tests.
const FILE: usize = 500;

/// Lines of a function.
const FUNCTION: usize = 60;

/// Fields of a struct, unless the sentence at its head begins with [`REASON`].
const FIELDS: usize = 12;

/// How the sentence begins that says why a struct has more fields.
pub(super) const REASON: &str = "More than twelve fields:";

/// Columns of a line.
const COLUMNS: usize = 100;

/// What is too big in a file, one sentence each.
pub(super) fn oversized(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = source.production_lines();
    if lines > FILE {
        wrong.push(format!("{} has {lines} lines without its tests", source.file));
    }
    let mut measure = Measure { file: &source.file, wrong: &mut wrong };
    for item in &source.items {
        measure.visit_item(item);
    }
    wrong
}

struct Measure<'a> {
    file: &'a str,
    wrong: &'a mut Vec<String>,
}

impl Measure<'_> {
    fn function(&mut self, name: &str, line: usize, lines: usize) {
        if lines > FUNCTION {
            self.wrong.push(format!("{}:{line} {name} has {lines} lines", self.file));
        }
    }
}

impl<'ast> Visit<'ast> for Measure<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let line = function.sig.span().start().line;
        let lines = lines_of(&function.sig) + lines_of(&function.block) - 1;
        self.function(&function.sig.ident.to_string(), line, lines);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let line = function.sig.span().start().line;
        let lines = lines_of(&function.sig) + lines_of(&function.block) - 1;
        self.function(&function.sig.ident.to_string(), line, lines);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            let line = function.sig.span().start().line;
            let lines = lines_of(&function.sig) + lines_of(block) - 1;
            self.function(&function.sig.ident.to_string(), line, lines);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let fields = item.fields.len();
        if fields > FIELDS && !doc(&item.attrs).contains(REASON) {
            let line = item.ident.span().start().line;
            self.wrong.push(format!("{}:{line} {} has {fields} fields", self.file, item.ident));
        }
    }
}

fn doc(attributes: &[Attribute]) -> String {
    let mut out = String::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(text) = &literal.lit
        {
            out.push_str(text.value().trim());
            out.push(' ');
        }
    }
    out
}

/// Lines of a text that are too long, by number.
pub(super) fn long_lines(text: &str) -> Vec<usize> {
    let long = |line: &str| line.chars().count() > COLUMNS;
    text.lines().enumerate().filter(|(_, line)| long(line)).map(|(index, _)| index + 1).collect()
}
