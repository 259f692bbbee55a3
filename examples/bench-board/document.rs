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

/// Writes what was measured beside the goals.
pub(crate) fn write_findings(file: &Path, about: &str, findings: &[Finding]) -> anyhow::Result<()> {
    write(file, FIGURES, about, &markdown(findings))
}

/// Writes how time and memory grew, and the plot.
pub(crate) fn write_growth(file: &Path, about: &str, growth: &Growth) -> anyhow::Result<()> {
    let plot = file.with_extension("svg");
    fs::write(&plot, plot::svg(&growth.panels())).with_context(|| format!("{}", plot.display()))?;
    let name = plot.file_name().unwrap_or_default().to_string_lossy();
    write(file, GROWTH, about, &format!("{}\n![growth]({name})", growth.markdown()))
}

/// Writes what stands between two marks; the rest of the document stays as it is.
fn write(file: &Path, mark: &str, about: &str, tables: &str) -> anyhow::Result<()> {
    let about = format!("{about}{}", machine::peers()).trim_end().replace('\n', "  \n");
    let text =
        between(&read(file)?, mark, &format!("\n{about}\n\n{tables}")).context(mark.to_owned())?;
    fs::write(file, text).with_context(|| format!("{}", file.display()))
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("{}", file.display()))
}
