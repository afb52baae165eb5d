//! The files of a table on an S3 store: upload, download, listing, deletion, and credentials that the catalog vends.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use iceberg::io::{
    FileIO, FileIOBuilder, S3_ACCESS_KEY_ID, S3_ENDPOINT, S3_PATH_STYLE_ACCESS, S3_REGION,
    S3_SECRET_ACCESS_KEY,
};
use iceberg_storage_opendal::{AwsCredential, CustomAwsCredentialLoader, OpenDalStorageFactory};
use lakefront_lake_catalog::{RestCatalog, S3Access, S3Keys};
use opendal::{EntryMode, Operator};
use reqsign_core::{Context, ProvideCredential, ProvideCredentialChain};
use secrecy::ExposeSecret as _;
use serde::de::IgnoredAny;
use tokio::sync::Mutex;

use crate::error::{Error, Result};
use crate::location;
use crate::rest::RestTable;

/// Bytes of one request for a part of a file. A part of a multipart upload must have at least 5 MiB.
const PART: usize = 8 << 20;

/// The S3 store of one table, with the access that is valid for the table.
#[derive(Clone, Debug)]
pub(crate) struct S3 {
    /// Reads, writes and deletes objects.
    pub file_io: FileIO,
    access: S3Access,
    vended: Option<VendedKeys>,
}

impl S3 {
    /// Returns the store of a table. If no keys are configured, they come from the catalog.
    pub(crate) fn new(catalog: &RestCatalog, name: &str, table: &RestTable) -> Self {
        let is_vended = catalog.config().s3_access_key_id.is_none() && table.access.keys.is_some();
        let vended = is_vended.then(|| VendedKeys {
            catalog: catalog.clone(),
            table: name.to_owned(),
            cached: Arc::default(),
        });
        let loader = vended.clone().map(CustomAwsCredentialLoader::new);
        let mut builder = FileIOBuilder::new(Arc::new(OpenDalStorageFactory::S3 {
            customized_credential_load: loader,
        }))
        .with_prop(S3_REGION, &table.access.region)
        .with_prop(S3_PATH_STYLE_ACCESS, table.access.path_style);
        if let Some(endpoint) = &table.access.endpoint {
            builder = builder.with_prop(S3_ENDPOINT, endpoint);
        }
        if let Some(keys) = table.access.keys.as_ref().filter(|_| !is_vended) {
            builder = builder
                .with_prop(S3_ACCESS_KEY_ID, &keys.id)
                .with_prop(S3_SECRET_ACCESS_KEY, keys.secret.expose_secret());
        }
        Self {
            file_io: builder.build(),
            access: table.access.clone(),
            vended,
        }
    }

    /// See [`Storage::forget_keys`](crate::storage::Storage::forget_keys).
    pub(crate) async fn forget_keys(&self) {
        if let Some(vended) = &self.vended {
            *vended.cached.lock().await = None;
        }
    }

    /// Checks the bucket, the keys and the clock by requesting an object that does not exist.
    ///
    /// # Errors
    /// [`Error::Store`] with advice, if the store answers anything but that the object is missing.
    pub(crate) async fn check(&self, folder: &str) -> Result<()> {
        let location = format!("{folder}/metadata/is-the-store-there");
        let Err(error) = self.file_io.new_input(&location)?.read().await else {
            return Ok(());
        };
        let reason = format!("{error:?}");
        let advice = match &reason {
            reason if reason.contains("NoSuchKey") => return Ok(()),
            reason if reason.contains("NoSuchBucket") => {
                "there is no such bucket: create it, or check LAKEFRONT_S3_LOCATION, LAKEFRONT_S3_ENDPOINT and \
                 LAKEFRONT_S3_PATH_STYLE"
            }
            reason if reason.contains("RequestTimeTooSkewed") => {
                "this machine's clock differs from the store's by more than 15 minutes: set it (NTP)"
            }
            reason if reason.contains("InvalidAccessKeyId") => {
                "the store does not know the access key: check LAKEFRONT_S3_ACCESS_KEY_ID"
            }
            reason if reason.contains("SignatureDoesNotMatch") => {
                "the secret is not that of the access key: check LAKEFRONT_S3_SECRET_ACCESS_KEY and \
                 LAKEFRONT_S3_REGION"
            }
            reason if reason.contains("AccessDenied") || reason.contains("PermissionDenied") => {
                "the key may not read there: check its policy, LAKEFRONT_S3_ACCESS_KEY_ID and LAKEFRONT_S3_LOCATION"
            }
            reason if reason.contains("NotFound") => return Ok(()),
            _ => "check LAKEFRONT_S3_ENDPOINT and that the store runs",
        };
        Err(Error::Store {
            location: folder.to_owned(),
            endpoint: self
                .access
                .endpoint
                .clone()
                .unwrap_or_else(|| "Amazon S3".to_owned()),
            advice,
            source: Box::new(error),
        })
    }

    /// Uploads a file, in parts if it is large.
    pub(crate) async fn upload(&self, file: File, location: &str) -> Result<()> {
        let mut writer = self.file_io.new_output(location)?.writer().await?;
        let mut file = BufReader::new(file);
        loop {
            let mut part = Vec::new();
            let read = file.by_ref().take(PART as u64).read_to_end(&mut part);
            if read.map_err(Error::io(location))? == 0 {
                break;
            }
            writer.write(Bytes::from(part)).await?;
        }
        Ok(writer.close().await?)
    }

    /// Downloads an object into a local file, and returns the file at its start.
    pub(crate) async fn download(&self, location: &str, mut into: File) -> Result<File> {
        let input = self.file_io.new_input(location)?;
        let size = input.metadata().await?.size;
        let reader = input.reader().await?;
        for start in (0..size).step_by(PART) {
            let part = reader.read(start..size.min(start + PART as u64)).await?;
            into.write_all(&part).map_err(Error::io(location))?;
        }
        into.seek(SeekFrom::Start(0)).map_err(Error::io(location))?;
        Ok(into)
    }

    /// See [`Storage::delete`](crate::storage::Storage::delete).
    pub(crate) async fn delete(&self, locations: Vec<String>) {
        let count = locations.len();
        if let Err(error) = self.file_io.delete_stream(stream::iter(locations)).await {
            tracing::warn!(count, %error, "could not delete files that are no longer needed");
        }
    }

    /// See [`Storage::files_before`](crate::storage::Storage::files_before).
    pub(crate) async fn files_before(&self, folder: &str, bound: SystemTime) -> Result<Vec<String>> {
        let Some((bucket, key)) = location::key(folder).split_once('/') else {
            return Ok(Vec::new());
        };
        let scheme = &folder[..folder.len() - location::key(folder).len()];
        let operator = self.operator(bucket)?;
        let list = operator.lister_with(&format!("{key}/")).recursive(true).await?;
        let old = list.try_filter_map(async |entry| {
            let is_file = entry.metadata().mode() == EntryMode::FILE;
            let written = entry.metadata().last_modified().map(SystemTime::from);
            let is_old = is_file && written.is_some_and(|written| written < bound);
            Ok(is_old.then(|| format!("{scheme}{bucket}/{}", entry.path())))
        });
        Ok(old.try_collect().await?)
    }

    /// Returns a client that can list objects, which the iceberg crate can't.
    fn operator(&self, bucket: &str) -> Result<Operator> {
        let mut builder = opendal::services::S3::default()
            .bucket(bucket)
            .region(&self.access.region);
        if let Some(endpoint) = &self.access.endpoint {
            builder = builder.endpoint(endpoint);
        }
        if !self.access.path_style {
            builder = builder.enable_virtual_host_style();
        }
        builder = match (&self.vended, &self.access.keys) {
            (Some(vended), _) => {
                builder.credential_provider_chain(ProvideCredentialChain::new().push(vended.clone()))
            }
            (None, Some(keys)) => builder
                .access_key_id(&keys.id)
                .secret_access_key(keys.secret.expose_secret()),
            (None, None) => builder,
        };
        Ok(Operator::new(builder)?.finish())
    }
}

/// Credentials that the catalog vends for a table. They are renewed before they expire.
#[derive(Clone, Debug)]
struct VendedKeys {
    catalog: RestCatalog,
    table: String,
    cached: Arc<Mutex<Option<CachedKeys>>>,
}

/// The keys that were vended last, and until when they are used.
#[derive(Debug)]
struct CachedKeys {
    keys: S3Keys,
    until: Instant,
}

/// Time for which credentials without an expiry time are used.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

impl ProvideCredential for VendedKeys {
    type Credential = AwsCredential;

    async fn provide_credential(&self, _: &Context) -> reqsign_core::Result<Option<AwsCredential>> {
        let mut cached = self.cached.lock().await;
        let keys = match cached.as_ref().filter(|cached| Instant::now() < cached.until) {
            Some(cached) => cached.keys.clone(),
            None => {
                let loaded = self.catalog.load::<IgnoredAny>(&self.table, None).await;
                let table = loaded.map_err(|error| reqsign_core::Error::unexpected(error.to_string()))?;
                let Some(table) = table.flatten() else {
                    return Ok(None);
                };
                let Some(keys) = table.access.keys else {
                    return Ok(None);
                };
                let until = Instant::now() + usable_lifetime(table.expires_at_ms);
                cached.insert(CachedKeys { keys, until }).keys.clone()
            }
        };
        Ok(Some(AwsCredential {
            access_key_id: keys.id,
            secret_access_key: keys.secret.expose_secret().to_owned(),
            session_token: keys.session_token.map(|token| token.expose_secret().to_owned()),
            expires_in: None,
        }))
    }
}

/// Returns for how long to use credentials that expire at that time (milliseconds since 1970 UTC).
///
/// The last minute, or the last half if the rest is short, is left for requests that are under way.
fn usable_lifetime(expires_at_ms: Option<i64>) -> Duration {
    let Some(expires) = expires_at_ms.and_then(|ms| u64::try_from(ms).ok()) else {
        return DEFAULT_LIFETIME;
    };
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let left = Duration::from_millis(expires).saturating_sub(now);
    left.saturating_sub((left / 2).min(Duration::from_secs(60)))
}
