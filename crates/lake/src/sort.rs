//! The sort order of rows within a file, by packed integer keys where they fit.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_ord::sort::{SortColumn, SortOptions, lexsort_to_indices};
use arrow_schema::{DataType, TimeUnit};

use crate::error::Result;

/// Returns the indices of the rows in ascending order of the columns, or `None` if the rows are in order already.
///
/// The sort is stable: equal rows stay in their order.
///
/// # Errors
/// When a column has a type that can't be ordered.
pub(crate) fn order(columns: &[ArrayRef]) -> Result<Option<Vec<u32>>> {
    let rows = columns.first().map_or(0, |column| column.len());
    let Some(codes) = columns.iter().map(codes).collect::<Option<Vec<_>>>() else {
        return generic_order(columns);
    };
    // The codes of a row and its index are packed into one integer, which sorts without a comparator. They usually fit:
    // a batch has few distinct services and a narrow range of times.
    let index_bits = bits(rows.saturating_sub(1) as u64);
    match index_bits + codes.iter().map(|code| code.bits).sum::<u32>() {
        ..=64 => Ok(packed_order::<u64>(&codes, rows, index_bits)),
        65..=128 => Ok(packed_order::<u128>(&codes, rows, index_bits)),
        _ => generic_order(columns),
    }
}

/// A column as small integers in the order of its values.
struct Codes {
    values: Vec<u64>,
    bits: u32,
}

/// Returns the codes of a column, or `None` if it has nulls or another type than integer, timestamp or string.
fn codes(column: &ArrayRef) -> Option<Codes> {
    if column.null_count() > 0 {
        return None;
    }
    match column.data_type() {
        DataType::Int32 => Some(offsets(
            column
                .as_primitive::<Int32Type>()
                .values()
                .iter()
                .map(|value| i64::from(*value)),
        )),
        DataType::Int64 => Some(offsets(
            column.as_primitive::<Int64Type>().values().iter().copied(),
        )),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Some(offsets(
            column
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .iter()
                .copied(),
        )),
        DataType::Utf8 => Some(ranks(column.as_string::<i32>())),
        _ => None,
    }
}

/// Returns the differences to the smallest value.
fn offsets(values: impl Iterator<Item = i64> + Clone) -> Codes {
    let smallest = values.clone().min().unwrap_or_default();
    let values: Vec<u64> = values
        .map(|value| value.wrapping_sub(smallest).cast_unsigned())
        .collect();
    let bits = bits(values.iter().copied().max().unwrap_or_default());
    Codes { values, bits }
}

/// Returns the rank of each string among the distinct strings.
fn ranks(column: &StringArray) -> Codes {
    let mut first_seen: HashMap<&str, u64> = HashMap::new();
    let mut values = Vec::with_capacity(column.len());
    let mut last = None;
    for value in column.iter().map(Option::unwrap_or_default) {
        // Neighbours are often equal, because rows arrive by resource.
        let number = match last {
            Some((same, number)) if same == value => number,
            _ => {
                let next = first_seen.len() as u64;
                *first_seen.entry(value).or_insert(next)
            }
        };
        last = Some((value, number));
        values.push(number);
    }
    let mut sorted: Vec<(&str, u64)> = first_seen.into_iter().collect();
    sorted.sort_unstable();
    let mut rank = vec![0; sorted.len()];
    for (place, (_, number)) in sorted.iter().enumerate() {
        rank[*number as usize] = place as u64;
    }
    for value in &mut values {
        *value = rank[*value as usize];
    }
    Codes {
        values,
        bits: bits(sorted.len().saturating_sub(1) as u64),
    }
}

/// Returns the number of bits that the largest code needs.
fn bits(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}

/// An unsigned integer that holds the packed key of a row.
trait Packed: Copy + Ord {
    fn push(self, code: u64, bits: u32) -> Self;
    fn low(self, bits: u32) -> u32;
    const ZERO: Self;
}

macro_rules! packed {
    ($number:ty) => {
        impl Packed for $number {
            fn push(self, code: u64, bits: u32) -> Self {
                // A shift by all bits happens only while the number is still 0.
                self.checked_shl(bits).unwrap_or_default() | Self::from(code)
            }
            fn low(self, bits: u32) -> u32 {
                (self & ((1 << bits) - 1)) as u32
            }
            const ZERO: Self = 0;
        }
    };
}
packed!(u64);
packed!(u128);

/// Returns the order by packed keys, see [`order`].
fn packed_order<P: Packed>(codes: &[Codes], rows: usize, index_bits: u32) -> Option<Vec<u32>> {
    let mut keys = vec![P::ZERO; rows];
    for code in codes {
        for (key, value) in keys.iter_mut().zip(&code.values) {
            *key = key.push(*value, code.bits);
        }
    }
    for (index, key) in keys.iter_mut().enumerate() {
        *key = key.push(index as u64, index_bits);
    }
    if keys.is_sorted() {
        return None;
    }
    // The stable sort uses runs that are in order already. All keys differ, so stability itself is not needed.
    keys.sort();
    Some(keys.into_iter().map(|key| key.low(index_bits)).collect())
}

/// Returns the order by Arrow's sort kernel, see [`order`].
fn generic_order(columns: &[ArrayRef]) -> Result<Option<Vec<u32>>> {
    let columns: Vec<SortColumn> = columns
        .iter()
        .map(|values| SortColumn {
            values: values.clone(),
            options: Some(SortOptions {
                descending: false,
                nulls_first: true,
            }),
        })
        .collect();
    let order = lexsort_to_indices(&columns, None)?.values().to_vec();
    Ok((!order.is_sorted()).then_some(order))
}

#[cfg(test)]
#[path = "sort_tests.rs"]
mod tests;
