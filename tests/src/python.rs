//! Python scripts of the tests.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// Returns the root of the checkout that contains the package of the running test.
///
/// # Errors
/// Returns an error if cargo did not start the test.
pub fn checkout() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run the tests by cargo")?;
    let root = Path::new(&package)
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").exists());
    Ok(root.context("the package is in no workspace")?.to_owned())
}

/// Runs a script below `tests/python/` with the interpreter that `LAKEFRONT_PYTHON` names. Returns its standard output.
///
/// # Errors
/// Returns an error if the variable is missing, or the script fails. The error contains the script's output.
pub async fn python(script: &str, arguments: &[&str]) -> Result<String> {
    let interpreter = std::env::var_os("LAKEFRONT_PYTHON").context(
        "LAKEFRONT_PYTHON is not set: it names a Python that has tests/requirements.txt; run `cargo xtask test`, which makes one",
    )?;
    let script = checkout()?.join("tests/python").join(script);
    let script = script.display().to_string();
    let output = tokio::process::Command::new(interpreter)
        .arg(&script)
        .args(arguments)
        // Only the arguments may set the endpoint, not the environment of the machine.
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{script} can't be run"))?;
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(
        output.status.success(),
        "{script}: {}\n{stdout}\n{stderr}",
        output.status
    );
    Ok(stdout.into_owned())
}
