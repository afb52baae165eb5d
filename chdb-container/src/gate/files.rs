//! The rule for table functions that read files. The engine lets them read any file of the machine. The path must
//! therefore be a literal in the statement, below the working directory, which is the lake.

use lakefront_clickhouse_http::Exception;

use super::ast::Node;
use super::denied;

/// Table functions that read local files, in lower case.
const FUNCTIONS: [&str; 2] = ["file", "iceberglocal"];

/// Paths by which the engine means the process's own standard streams.
const STREAMS: [&str; 4] = ["-", "stdin", "stdout", "stderr"];

/// Returns true if a function reads files.
pub fn reads_files(function: &Node<'_>) -> bool {
    FUNCTIONS.contains(&&*function.name.to_ascii_lowercase())
}

/// Checks the path that the function at `index` reads: its first argument.
///
/// # Errors
/// `ACCESS_DENIED` if the path is not a literal or may be outside of the lake.
pub fn check(nodes: &[Node<'_>], index: usize) -> Result<(), Exception> {
    let list = nodes.get(index + 1).filter(|list| list.kind == "ExpressionList");
    let path = nodes.get(index + 2).filter(|path| path.kind == "Literal");
    let path = list
        .and(path)
        .and_then(|path| path.name.strip_prefix('\'')?.strip_suffix('\''));
    match path {
        Some(path) if is_below(path) => Ok(()),
        _ => Err(denied(
            "a path of a file that is not written out, relative to the lake and without `..`",
        )),
    }
}

fn is_below(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with(['/', '~'])
        && !path.contains("..")
        && !path.contains("://")
        && !path.contains('\\')
        && !STREAMS.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::super::ast;

    fn may_read(argument: &str) -> bool {
        let text = format!(
            "Function file (children 1)\n ExpressionList (children 2)\n  {argument}\n  Identifier CSV"
        );
        super::check(&ast::nodes(&text), 0).is_ok()
    }

    #[test]
    fn paths() {
        for path in [
            "otel/otel_logs/data/a b.parquet",
            "*.parquet",
            "otel/{a,b}/x (1).parquet",
        ] {
            assert!(may_read(&format!("Literal '{path}'")), "{path}");
        }
        for argument in [
            "Literal ''",
            "Literal '/etc/passwd'",
            "Literal '../x'",
            "Literal 'a/{..,b}/x'",
            "Literal '\\x2fetc'",
            "Literal 'file:///etc/passwd'",
            "Literal 'stdin'",
            "Literal UInt64_0",
            "Identifier stdin",
            "Function concat (children 1)",
        ] {
            assert!(!may_read(argument), "{argument}");
        }
    }
}
