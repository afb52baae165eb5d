//! The rows that landed recently, by which a row that lands twice is moved once.

use std::collections::{HashMap, VecDeque};

use lakefront_landing::Mark;

/// The most chunks that are remembered. The oldest are forgotten.
const CHUNKS: usize = 100_000;

/// The most rows of remembered chunks, of which each takes a bit.
const ROWS: usize = 1 << 28;

/// The rows of recent chunks.
#[derive(Debug, Default)]
pub struct Seen {
    chunks: HashMap<u128, Vec<u64>>,
    order: VecDeque<u128>,
    words: usize,
}

impl Seen {
    /// Remembers a row. Returns false if it was seen before.
    pub fn insert(&mut self, mark: Mark) -> bool {
        let (word, bit) = (mark.row as usize / 64, 1_u64 << (mark.row % 64));
        let words = mark.rows as usize / 64 + 1;
        let rows = self.chunks.entry(mark.chunk).or_insert_with(|| {
            self.order.push_back(mark.chunk);
            Vec::new()
        });
        if rows.len() < words {
            self.words += words - rows.len();
            rows.resize(words, 0);
        }
        let is_new = rows[word] & bit == 0;
        rows[word] |= bit;
        self.forget();
        is_new
    }

    fn forget(&mut self) {
        // The chunk of the last row stays.
        while self.order.len() > 1 && (self.order.len() > CHUNKS || self.words * 64 > ROWS) {
            if let Some(rows) = self
                .order
                .pop_front()
                .and_then(|chunk| self.chunks.remove(&chunk))
            {
                self.words -= rows.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(chunk: u128, row: u32, rows: u32) -> Mark {
        Mark {
            chunk,
            row,
            rows,
            accepted: 0,
        }
    }

    #[test]
    fn a_row_is_new_once() {
        let mut seen = Seen::default();
        for row in [0, 63, 64, 99] {
            assert!(seen.insert(mark(1, row, 100)));
            assert!(!seen.insert(mark(1, row, 100)));
            assert!(seen.insert(mark(2, row, 100)));
        }
        // A row that claims another number of rows is no reason to fail.
        assert!(seen.insert(mark(1, 999, 1_000)));
        assert!(!seen.insert(mark(1, 99, 100)));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut seen = Seen::default();
        for chunk in 0..CHUNKS as u128 + 10 {
            seen.insert(mark(chunk, 0, 1));
        }
        assert_eq!(
            (seen.chunks.len(), seen.order.len(), seen.words),
            (CHUNKS, CHUNKS, CHUNKS)
        );
        let mut seen = Seen::default();
        for chunk in 0..10_000 {
            seen.insert(mark(chunk, 0, 100_000));
        }
        assert!(seen.words * 64 <= ROWS);
        assert!(!seen.insert(mark(9_999, 0, 100_000)));
    }
}
