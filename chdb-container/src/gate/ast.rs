//! A parser of the text of `EXPLAIN AST`: one node a line, its depth in leading spaces.

/// A node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// The depth in the tree; 0 for the root.
    pub depth: usize,
    /// The kind of the node: `SelectQuery`, `TableIdentifier`, `Function`, …
    pub kind: &'a str,
    /// The rest of the line without alias and count of children: the name of a table or of a function.
    pub name: &'a str,
}

/// Parses every line as a node.
///
/// A quoted name that contains a line break produces extra lines that are no true nodes. Such lines can only add to the
/// checked nodes, because the lines of all true nodes are present.
pub fn nodes(text: &str) -> Vec<Node<'_>> {
    text.lines().map(node).collect()
}

fn node(line: &str) -> Node<'_> {
    let content = line.trim_start_matches(' ');
    let depth = line.len() - content.len();
    let (kind, rest) = content.split_once(' ').unwrap_or((content, ""));
    let end = [" (alias ", " (children "]
        .iter()
        .filter_map(|mark| rest.find(mark))
        .min();
    let name = match end {
        Some(end) => rest.get(..end).unwrap_or(rest),
        None if rest.starts_with("(alias ") || rest.starts_with("(children ") => "",
        None => rest,
    };
    Node { depth, kind, name }
}

#[cfg(test)]
mod tests {
    use super::{Node, nodes};

    #[test]
    fn lines() {
        let text = "SelectWithUnionQuery (children 2)\n ExpressionList\n  Function numbers (alias n) (children 1)\n  \
                    TableIdentifier otel.otel_logs (alias l)\n Identifier JSON";
        let expected = [
            (0, "SelectWithUnionQuery", ""),
            (1, "ExpressionList", ""),
            (2, "Function", "numbers"),
            (2, "TableIdentifier", "otel.otel_logs"),
            (1, "Identifier", "JSON"),
        ];
        assert_eq!(
            nodes(text),
            expected.map(|(depth, kind, name)| Node { depth, kind, name })
        );
    }
}
