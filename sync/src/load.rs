//! Loads data files into a table. ClickHouse reads a file itself if it can; otherwise sync sends it.

use futures::{StreamExt, TryStreamExt, stream};

use crate::clickhouse::{Column, Settings, Target};
use crate::error::Result;
use crate::lake_snapshot::LakeColumn;
use crate::ledger::DataFile;
use crate::source::Source;
use lakefront_clickhouse_http::{identifier, literal};

/// The process that reads the data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    /// ClickHouse reads them: its `file()` has access to the lake's folder.
    Server,
    /// Sync reads and sends them.
    Stream,
}

/// Rows of an inserted block. Larger files are cut, always at the same rows.
const BLOCK_ROWS: u32 = 1_000_000;
/// Bytes of an inserted block. A block ends at the first of both limits.
const BLOCK_BYTES: u32 = 256 << 20;

/// A loader of data files into one table.
#[derive(Clone, Debug)]
pub struct Loader<'a> {
    pub target: &'a Target,
    /// The process that reads the files.
    pub read_mode: ReadMode,
    /// The lake's files.
    pub source: &'a Source,
    /// The table, without a database.
    pub table: String,
    /// The columns that both the table and the lake have.
    pub columns: Vec<Column>,
    /// The number of concurrent inserts where their order is irrelevant.
    pub parallel: usize,
}

impl Loader<'_> {
    /// Inserts one file into a table with materialized views, exactly once even if repeated.
    ///
    /// ClickHouse numbers blocks under the deduplication token, in the table and in each view. A repeated insert must
    /// cut the same blocks, so that one thread reads the file.
    ///
    /// # Errors
    /// When ClickHouse or a read of the file fails. Part of the file may be inserted then; a repetition adds the rest.
    pub async fn load_once(&self, file: &DataFile) -> Result<()> {
        let mut settings = common();
        settings.extend([
            ("insert_deduplicate", "1".to_owned()),
            ("insert_deduplication_token", file.path.clone()),
            (
                "deduplicate_blocks_in_dependent_materialized_views",
                "1".to_owned(),
            ),
            ("max_threads", "1".to_owned()),
            ("max_insert_threads", "1".to_owned()),
            ("parallel_view_processing", "0".to_owned()),
        ]);
        self.load(std::slice::from_ref(file), &settings).await
    }

    /// Inserts files into a staging table, with several concurrent inserts. A repetition would duplicate rows.
    ///
    /// # Errors
    /// When ClickHouse or a read of a file fails.
    pub async fn stage(&self, files: &[DataFile]) -> Result<()> {
        let mut settings = common();
        settings.push(("insert_deduplicate", "0".to_owned()));
        // ClickHouse inserts with one thread per statement. One statement can read many small files, but files that
        // sync sends take one statement each.
        let together = match self.read_mode {
            ReadMode::Server => files.len().div_ceil(self.parallel),
            ReadMode::Stream => 1,
        };
        stream::iter(files.chunks(together.max(1)))
            .map(|files| self.load(files, &settings))
            .buffer_unordered(self.parallel)
            .try_collect()
            .await
    }

    async fn load(&self, files: &[DataFile], settings: &Settings) -> Result<()> {
        let action = match files {
            [file] => format!("load {}", file.path),
            _ => format!("load {} files into {}", files.len(), self.table),
        };
        let columns = names(&self.columns);
        let into = format!("INSERT INTO otel.{} ({columns})", self.table);
        match self.read_mode {
            ReadMode::Server => {
                let sql = format!("{into} SELECT {columns} FROM {}", self.rows_of(files));
                Ok(self.target.insert_select(&action, &sql, settings).await?)
            }
            ReadMode::Stream => {
                let sql = format!("{into} FORMAT Parquet");
                for file in files {
                    let rows = self.source.file(file).await?;
                    self.target
                        .send_file(&action, &sql, settings, rows, &file.path)
                        .await?;
                }
                Ok(())
            }
        }
    }

    /// Returns the table function `file(…)` over the files.
    pub fn rows_of(&self, files: &[DataFile]) -> String {
        let structure: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("{} {}", identifier(&column.name), column.r#type))
            .collect();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        format!(
            "file({}, Parquet, {})",
            literal(&glob(&paths)),
            literal(&structure.join(", "))
        )
    }
}

/// Returns true if ClickHouse's `file()` can read the data file.
///
/// # Errors
/// When ClickHouse does not answer.
pub async fn server_reads(target: &Target, file: &DataFile) -> Result<bool> {
    let sql = format!("SELECT count() FROM file({}, Parquet)", literal(&file.path));
    match target.fetch_one::<u64>("read a data file by itself", &sql).await {
        Ok(rows) => Ok(rows == file.rows),
        Err(error) if error.exception().is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Returns the columns of the table that the lake has too.
pub fn shared_columns(table: &[Column], lake: &[LakeColumn]) -> Vec<Column> {
    table
        .iter()
        .filter(|column| lake.iter().any(|other| other.name == column.name))
        .cloned()
        .collect()
}

fn names(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
    names.join(", ")
}

fn common() -> Settings {
    vec![
        ("async_insert", "0".to_owned()),
        ("use_hive_partitioning", "0".to_owned()),
        ("min_insert_block_size_rows", BLOCK_ROWS.to_string()),
        ("min_insert_block_size_bytes", BLOCK_BYTES.to_string()),
        ("max_execution_time", "3600".to_owned()),
    ]
}

/// Returns one glob pattern for all paths: `folder/{a,b}.parquet`.
fn glob(paths: &[&str]) -> String {
    let [first, rest @ ..] = paths else {
        return String::new();
    };
    if rest.is_empty() {
        return (*first).to_owned();
    }
    let folder = first.rfind('/').map_or("", |end| &first[..=end]);
    if paths.iter().all(|path| path.starts_with(folder)) {
        let names: Vec<&str> = paths.iter().map(|path| &path[folder.len()..]).collect();
        return format!("{folder}{{{}}}", names.join(","));
    }
    format!("{{{}}}", paths.join(","))
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn files_of_a_folder_share_a_pattern() {
        assert_eq!(glob(&["a/b.parquet"]), "a/b.parquet");
        assert_eq!(glob(&["a/b.parquet", "a/c.parquet"]), "a/{b.parquet,c.parquet}");
        assert_eq!(glob(&["a/b.parquet", "c/d.parquet"]), "{a/b.parquet,c/d.parquet}");
    }
}
