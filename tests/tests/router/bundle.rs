//! The Worker's bundle with additions, for what only Cloudflare has.

use std::fs;

use anyhow::{Result, ensure};
use lakefront_tests::Worker;
use tempfile::TempDir;

/// What is added to the bundle.
pub struct Additions<'a> {
    /// The module in front of the Worker, which imports it as `./index.js`.
    pub script: &'a str,
    /// Namespaces of Durable Objects, in the language of `workerd.capnp`. Each ends with a comma.
    pub namespaces: &'a str,
    /// Bindings, likewise.
    pub bindings: &'a str,
}

/// Returns a folder with the Worker and the additions.
pub fn with(additions: &Additions<'_>) -> Result<TempDir> {
    let folder = configured(&[
        (
            "modules = [",
            r#"(name = "in_front.js", esModule = embed "in_front.js"),"#,
        ),
        ("durableObjectNamespaces = [", additions.namespaces),
        ("bindings = [", additions.bindings),
    ])?;
    fs::write(folder.path().join("in_front.js"), additions.script)?;
    Ok(folder)
}

/// Returns a folder with the Worker. Each pair is a text of `workerd.capnp` and what is added after it.
pub fn configured(additions: &[(&str, &str)]) -> Result<TempDir> {
    let (bundle, folder) = (Worker::bundle()?, TempDir::new()?);
    fs::create_dir(folder.path().join("worker"))?;
    for file in ["worker/index.js", "worker/index_bg.wasm", "assets.json"] {
        fs::copy(bundle.join(file), folder.path().join(file))?;
    }
    std::os::unix::fs::symlink(bundle.join("site"), folder.path().join("site"))?;
    let mut configuration = fs::read_to_string(bundle.join("workerd.capnp"))?;
    for (before, addition) in additions {
        ensure!(configuration.contains(before), "workerd.capnp has no {before}");
        configuration = configuration.replacen(before, &format!("{before}{addition}"), 1);
    }
    fs::write(folder.path().join("workerd.capnp"), configuration)?;
    Ok(folder)
}
