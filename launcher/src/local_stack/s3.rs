//! The services of `up --lake s3`: MinIO and an Iceberg REST catalog in place of a folder.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Ports, address, url};
use crate::supervisor::{Ready, Service};

const BUCKET: &str = "lake";
/// The key may be public, because MinIO listens on 127.0.0.1 only. The catalog listens on all addresses and supports no
/// authentication.
const KEY: &str = "lakefront";
const SECRET: &str = "lakefront-local";

/// Returns the service of MinIO over a folder, with its bucket. `programs` is the folder of both servers.
pub fn store(programs: &Path, data: &Path, ports: Ports) -> Result<Service> {
    let folder = data.join("store");
    // MinIO serves each folder in its own as a bucket.
    std::fs::create_dir_all(folder.join(BUCKET))?;
    let mut command = Command::new(programs.join("minio"));
    command
        .arg("server")
        .arg(folder)
        .args(["--address", &address(ports.store)])
        .args(["--console-address", &address(ports.console)])
        .env("MINIO_ROOT_USER", KEY)
        .env("MINIO_ROOT_PASSWORD", SECRET);
    Ok(Service {
        name: "minio",
        command,
        ready: Ready::Url(format!("{}/minio/health/ready", url(ports.store))),
    })
}

/// Returns the service of the catalog, which keeps its tables in an SQLite file.
pub fn catalog(programs: &Path, data: &Path, ports: Ports) -> Service {
    let database = data.join("catalog.db");
    let mut command = Command::new(programs.join("java"));
    command
        // The catalog unpacks files, which belong to its data.
        .arg(format!("-Djava.io.tmpdir={}", data.display()))
        // At the default level the catalog writes a line for each request.
        .args([
            "-Xmx512m",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-jar",
        ])
        .arg(programs.join("iceberg-rest.jar"))
        .env("CATALOG_REST_PORT", ports.catalog.to_string())
        .env("CATALOG_WAREHOUSE", format!("s3://{BUCKET}/"))
        .env("CATALOG_CATALOG__IMPL", "org.apache.iceberg.jdbc.JdbcCatalog")
        .env("CATALOG_URI", format!("jdbc:sqlite:{}", database.display()))
        // With two connections, SQLite reports a locked database.
        .env("CATALOG_CLIENTS", "1")
        .env("CATALOG_IO__IMPL", "org.apache.iceberg.aws.s3.S3FileIO")
        .env("CATALOG_S3_ENDPOINT", url(ports.store))
        .env("CATALOG_S3_PATH__STYLE__ACCESS", "true")
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_REGION", "us-east-1");
    Service {
        name: "catalog",
        command,
        ready: Ready::Url(format!("{}/v1/config", url(ports.catalog))),
    }
}

/// Sets the environment variables that name the lake for one of Lakefront's programs.
pub fn configure(command: &mut Command, ports: Ports) {
    command
        .env("LAKEFRONT_CATALOG_URI", url(ports.catalog))
        .env("LAKEFRONT_S3_LOCATION", format!("s3://{BUCKET}"))
        .env("LAKEFRONT_S3_ENDPOINT", url(ports.store))
        .env("LAKEFRONT_S3_PATH_STYLE", "true")
        .env("LAKEFRONT_S3_ACCESS_KEY_ID", KEY)
        .env("LAKEFRONT_S3_SECRET_ACCESS_KEY", SECRET);
}
