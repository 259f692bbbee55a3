//! The document that holds what was printed, and the plot beside it.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::growth::Growth;
use super::table::{Finding, between, markdown};
use super::{machine, plot};

/// Between these marks stand the goals.
const FIGURES: &str = "bench-board: figures";

/// Between these marks stands the growth.
const GROWTH: &str = "bench-board: growth";

/// That the document has its marks, before anything is measured for an hour.
pub(crate) fn check(file: &Path) -> anyhow::Result<()> {
    let text = read(file)?;
    for mark in [FIGURES, GROWTH] {
        if between(&text, mark, "").is_none() {
            bail!("{} has no marks <!-- {mark} --> and <!-- end of {mark} -->", file.display());
        }
    }
    Ok(())
}

/// Writes what was measured; what was not measured stays as it is.
pub(crate) fn write(
    file: &Path,
    about: &str,
    findings: &[Finding],
    growth: Option<&Growth>,
) -> anyhow::Result<()> {
    let mut text = read(file)?;
    let about = format!("{about}{}", machine::peers()).trim_end().replace('\n', "  \n");
    if !findings.is_empty() {
        let figures = format!("\n{about}\n\n{}", markdown(findings));
        text = between(&text, FIGURES, &figures).context("the mark of the figures")?;
    }
    if let Some(growth) = growth {
        let plot = file.with_extension("svg");
        fs::write(&plot, plot::svg(&growth.panels()))
            .with_context(|| format!("{}", plot.display()))?;
        let name = plot.file_name().unwrap_or_default().to_string_lossy();
        let tables = format!("\n{about}\n\n{}\n![growth]({name})", growth.markdown());
        text = between(&text, GROWTH, &tables).context("the mark of the growth")?;
    }
    fs::write(file, text).with_context(|| format!("{}", file.display()))
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("{}", file.display()))
}
