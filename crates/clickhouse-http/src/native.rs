//! The Native format for clients that name a protocol revision (`client_protocol_version`), such as clickhouse-go.
//!
//! Without a revision, a block is the number of its columns and of its rows, and per column a name, a type and the
//! values. With a revision, each block begins with its info. From [`CUSTOM_SERIALIZATION`] on, one byte after each type
//! says whether the column has a custom serialization. chDB writes the form without a revision only.
//! <https://clickhouse.com/docs/interfaces/formats/Native>

use std::borrow::Cow;

/// The revision from which a column has a byte for custom serialization.
const CUSTOM_SERIALIZATION: u64 = 54_454;
/// The revision from which the info of a block has another field. No client sends it yet.
const LATER_BLOCK_INFO: u64 = 54_480;
/// The info of a block without overflow rows and without a bucket: numbered fields, ended by 0.
const BLOCK_INFO: [u8; 8] = [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];
/// The most types inside of each other.
const DEEPEST: usize = 64;

/// The reason why a result has no form with a revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NativeError {
    /// The client names a revision that this module does not write.
    #[error("client_protocol_version {0}: expected a revision below {LATER_BLOCK_INFO}")]
    Revision(u64),
    /// A column has a type whose values this module can't delimit.
    #[error(
        "the column {column} has the type {kind}, which format Native has here only without client_protocol_version: \
         convert the column, or use another format"
    )]
    Type {
        /// The name of the column.
        column: String,
        /// The type of the column.
        kind: String,
    },
    /// The result ends in the middle of a value, or has bytes that are no block.
    #[error("the column {column} of a result in format Native can't be read: use another format")]
    Malformed {
        /// The name of the column that was being read.
        column: String,
    },
}

/// Adds to a result in format Native the bytes that a client of this revision expects. Revision 0 means none.
///
/// # Errors
/// [`NativeError`].
pub fn with_revision(result: &[u8], revision: u64) -> Result<Cow<'_, [u8]>, NativeError> {
    match revision {
        0 => return Ok(Cow::Borrowed(result)),
        LATER_BLOCK_INFO.. => return Err(NativeError::Revision(revision)),
        _ => {}
    }
    let mut written = Vec::with_capacity(result.len() + 64);
    let mut reader = Reader(result);
    while !reader.0.is_empty() {
        written.extend_from_slice(&BLOCK_INFO);
        block(&mut reader, revision, &mut written)?;
    }
    Ok(Cow::Owned(written))
}

/// Copies a block.
fn block(reader: &mut Reader<'_>, revision: u64, written: &mut Vec<u8>) -> Result<(), NativeError> {
    let malformed = |column: &str| NativeError::Malformed {
        column: column.into(),
    };
    let start = reader.0;
    let counts = reader.varint().zip(reader.varint());
    let (columns, rows) = counts.ok_or_else(|| malformed(""))?;
    written.extend_from_slice(between(start, reader));
    for _ in 0..columns {
        let head = reader.0;
        let name = reader.text().ok_or_else(|| malformed(""))?;
        let kind = reader.text().ok_or_else(|| malformed(&name))?;
        written.extend_from_slice(between(head, reader));
        if revision >= CUSTOM_SERIALIZATION {
            written.push(0);
        }
        let Some(parsed) = Kind::parse(&kind, DEEPEST) else {
            return Err(NativeError::Type {
                column: name.into(),
                kind: kind.into(),
            });
        };
        let values = reader.0;
        if rows > 0 {
            parsed.skip(reader, rows).ok_or_else(|| malformed(&name))?;
        }
        written.extend_from_slice(between(values, reader));
    }
    Ok(())
}

/// Returns the bytes that were read since `start`.
fn between<'a>(start: &'a [u8], reader: &Reader<'a>) -> &'a [u8] {
    start.get(..start.len() - reader.0.len()).unwrap_or_default()
}

/// The bytes that are left.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let length = self.varint()?;
        Some(String::from_utf8_lossy(self.take(length)?))
    }
}

/// A type by the layout of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Values of this many bytes.
    Fixed(u64),
    /// Texts, each behind its length.
    Text,
    /// A byte per value that says whether the value is NULL, then all values.
    Nullable(Box<Self>),
    /// The end of each array, then the values of all arrays.
    Array(Box<Self>),
    /// The values of each element, one element after the other.
    Tuple(Vec<Self>),
    /// A dictionary, and a position in it per value.
    LowCardinality(Box<Self>),
}

impl Kind {
    /// Parses a type's name. Returns `None` for a type of another layout, and for one that is nested too deep.
    fn parse(name: &str, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let name = name.trim();
        let (outer, arguments) = match name.split_once('(') {
            Some((outer, inner)) => (outer, arguments(inner.strip_suffix(')')?)),
            None => (name, Vec::new()),
        };
        let first = || arguments.first().copied();
        let parse = |name: &str| Self::parse(name, depth);
        let array = |of: Self| Self::Array(Box::new(of));
        let point = || Self::Tuple(vec![Self::Fixed(8), Self::Fixed(8)]);
        let tuple = || {
            arguments
                .iter()
                .map(|element| parse(unnamed(element)))
                .collect::<Option<_>>()
        };
        Some(match outer {
            "Bool" | "Int8" | "UInt8" | "Enum8" | "Nothing" => Self::Fixed(1),
            "Int16" | "UInt16" | "Enum16" | "Date" | "BFloat16" => Self::Fixed(2),
            "Int32" | "UInt32" | "Float32" | "Date32" | "DateTime" | "IPv4" | "Time" => Self::Fixed(4),
            "Int64" | "UInt64" | "Float64" | "DateTime64" | "Time64" => Self::Fixed(8),
            "Int128" | "UInt128" | "UUID" | "IPv6" => Self::Fixed(16),
            "Int256" | "UInt256" => Self::Fixed(32),
            "Decimal" => match first()?.trim().parse::<u8>().ok()? {
                0..=9 => Self::Fixed(4),
                10..=18 => Self::Fixed(8),
                19..=38 => Self::Fixed(16),
                _ => Self::Fixed(32),
            },
            "FixedString" => Self::Fixed(first()?.trim().parse().ok()?),
            "String" => Self::Text,
            "Nullable" => Self::Nullable(Box::new(parse(first()?)?)),
            "Array" => array(parse(first()?)?),
            "Map" => array(Self::Tuple(vec![parse(first()?)?, parse(arguments.get(1)?)?])),
            // A tuple without elements has values all the same.
            "Tuple" if arguments.is_empty() => Self::Fixed(1),
            "Tuple" => Self::Tuple(tuple()?),
            "Nested" => array(Self::Tuple(tuple()?)),
            "LowCardinality" => match parse(first()?)? {
                // NULL is the first entry of the dictionary.
                Self::Nullable(inner) => Self::LowCardinality(inner),
                inner => Self::LowCardinality(Box::new(inner)),
            },
            "SimpleAggregateFunction" => parse(arguments.get(1)?)?,
            "Point" => point(),
            "Ring" | "LineString" => array(point()),
            "Polygon" | "MultiLineString" => array(array(point())),
            "MultiPolygon" => array(array(array(point()))),
            _ if outer.starts_with("Interval") => Self::Fixed(8),
            _ => return None,
        })
    }

    /// Skips a column with this many values. Returns `None` if the column ends too early.
    fn skip(&self, reader: &mut Reader<'_>, rows: u64) -> Option<()> {
        self.skip_prefix(reader)?;
        self.skip_values(reader, rows)
    }

    /// Skips the versions of all dictionaries of a column, which come before its values.
    fn skip_prefix(&self, reader: &mut Reader<'_>) -> Option<()> {
        match self {
            Self::Fixed(_) | Self::Text => Some(()),
            Self::Nullable(inner) | Self::Array(inner) => inner.skip_prefix(reader),
            Self::Tuple(elements) => elements
                .iter()
                .try_for_each(|element| element.skip_prefix(reader)),
            Self::LowCardinality(_) => reader.take(8).map(drop),
        }
    }

    fn skip_values(&self, reader: &mut Reader<'_>, rows: u64) -> Option<()> {
        match self {
            Self::Fixed(bytes) => reader.take(bytes.checked_mul(rows)?).map(drop),
            Self::Text => (0..rows).try_for_each(|_| {
                let length = reader.varint()?;
                reader.take(length).map(drop)
            }),
            Self::Nullable(inner) => {
                reader.take(rows)?;
                inner.skip_values(reader, rows)
            }
            Self::Array(inner) => {
                let ends = reader.take(rows.checked_mul(8)?)?;
                let all = Reader(ends.get(ends.len().saturating_sub(8)..)?)
                    .number()
                    .unwrap_or(0);
                inner.skip_values(reader, all)
            }
            Self::Tuple(elements) => elements
                .iter()
                .try_for_each(|element| element.skip_values(reader, rows)),
            Self::LowCardinality(inner) if rows > 0 => dictionary(inner, reader),
            Self::LowCardinality(_) => Some(()),
        }
    }
}

/// The bit that announces a dictionary shared by several blocks.
const SHARED_KEYS: u64 = 1 << 8;
/// The bit that announces a dictionary of this block.
const OWN_KEYS: u64 = 1 << 9;

/// Skips the values of a `LowCardinality` column.
fn dictionary(of: &Kind, reader: &mut Reader<'_>) -> Option<()> {
    let flags = reader.number()?;
    for bit in [SHARED_KEYS, OWN_KEYS] {
        if flags & bit != 0 {
            let keys = reader.number()?;
            of.skip_values(reader, keys)?;
        }
    }
    let position = match flags & 0xff {
        width @ 0..=3 => 1 << width,
        _ => return None,
    };
    let rows = reader.number()?;
    Kind::Fixed(position).skip_values(reader, rows)
}

/// Splits the arguments of a type at the commas that are in no parentheses and no quotes.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut found = Vec::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(mark), _) if mark == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                found.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    found.push(text.get(start..).unwrap_or_default());
    found.retain(|argument| !argument.trim().is_empty());
    found
}

/// Returns the type of a tuple's element, whose name may stand before it.
fn unnamed(element: &str) -> &str {
    let element = element.trim();
    if let Some(quoted) = element.strip_prefix('`') {
        let mut is_escaped = false;
        let end = quoted.find(|character| {
            let is_end = character == '`' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            is_end
        });
        return end.and_then(|end| quoted.get(end + 1..)).unwrap_or_default();
    }
    let named = element
        .split_once(' ')
        .filter(|(name, _)| !name.contains(['(', '\'']));
    named.map_or(element, |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_INFO, Kind, NativeError, unnamed, with_revision};

    fn parse(name: &str) -> Option<Kind> {
        Kind::parse(name, super::DEEPEST)
    }

    #[test]
    fn types() {
        let text = || Box::new(Kind::Text);
        for (name, kind) in [
            ("DateTime64(6, 'UTC')", Kind::Fixed(8)),
            ("Decimal(38, 9)", Kind::Fixed(16)),
            ("FixedString(7)", Kind::Fixed(7)),
            ("Enum8('a, b' = 1, 'c\\'(' = 2)", Kind::Fixed(1)),
            ("IntervalMinute", Kind::Fixed(8)),
            ("LowCardinality(Nullable(String))", Kind::LowCardinality(text())),
            ("SimpleAggregateFunction(max, UInt64)", Kind::Fixed(8)),
            (
                "Map(LowCardinality(String), String)",
                Kind::Array(Box::new(Kind::Tuple(vec![
                    Kind::LowCardinality(text()),
                    Kind::Text,
                ]))),
            ),
            (
                "Tuple(a UInt8, `b, (c)` Array(String), Decimal(9, 2))",
                Kind::Tuple(vec![Kind::Fixed(1), Kind::Array(text()), Kind::Fixed(4)]),
            ),
        ] {
            assert_eq!(parse(name), Some(kind), "{name}");
        }
        for name in [
            "AggregateFunction(uniq, String)",
            "Dynamic",
            "JSON",
            "Array(Variant(String))",
            "Map(String)",
            "",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
        let deep = format!("{}UInt8{}", "Array(".repeat(100), ")".repeat(100));
        assert_eq!(parse(&deep), None);
    }

    #[test]
    fn names_of_elements() {
        for (element, kind) in [
            ("UInt8", "UInt8"),
            ("a UInt8", "UInt8"),
            (" `a\\` b` UInt8", " UInt8"),
            ("Map(String, String)", "Map(String, String)"),
            ("`", ""),
        ] {
            assert_eq!(unnamed(element), kind, "{element}");
        }
    }

    /// A block of two rows: a text and an array.
    const BLOCK: &[u8] = b"\x02\x02\x01a\x06String\x01x\x02yz\x02bb\x0cArray(UInt8)\x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x07\x08\x09";

    #[test]
    fn a_block_of_each_revision() {
        assert_eq!(with_revision(BLOCK, 0).as_deref(), Ok(BLOCK));
        let early = [&BLOCK_INFO[..], BLOCK].concat();
        assert_eq!(with_revision(BLOCK, 54_405).as_deref(), Ok(&early[..]));
        let later =
            b"\x01\0\x02\xff\xff\xff\xff\0\x02\x02\x01a\x06String\0\x01x\x02yz\x02bb\x0cArray(UInt8)\0\
                      \x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x07\x08\x09";
        assert_eq!(with_revision(BLOCK, 54_460).as_deref(), Ok(&later[..]));
        let twice = with_revision(&BLOCK.repeat(2), 54_460).map(|written| written.len());
        assert_eq!(twice, Ok(2 * later.len()));
        assert_eq!(with_revision(b"", 54_460).as_deref(), Ok(&b""[..]));
        assert_eq!(with_revision(BLOCK, 54_480), Err(NativeError::Revision(54_480)));
    }

    #[test]
    fn what_is_no_block() {
        for end in 1..BLOCK.len() {
            let cut = with_revision(&BLOCK[..end], 54_460);
            assert!(
                matches!(cut, Err(NativeError::Malformed { .. })),
                "{end}: {cut:?}"
            );
        }
        let huge = b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01a\x05UInt8\x01";
        assert!(with_revision(huge, 1).is_err());
        let state = b"\x01\x01\x01s\x19AggregateFunction(uniq,x)\x01";
        let error = with_revision(state, 1).expect_err("a state");
        assert!(error.to_string().contains("the column s has the type"), "{error}");
    }
}
