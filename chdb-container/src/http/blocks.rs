//! ClickHouse's own compressed blocks, for clients that ask with `compress=1`.
//!
//! A block is a checksum (CityHash128 v1.0.2 of the rest), a byte that names the method, the sizes of the block
//! without its checksum and of its content, and the content.
//! <https://clickhouse.com/docs/native-protocol/basics#compression>

/// LZ4.
const METHOD: u8 = 0x82;
/// Method and both sizes.
const HEADER: usize = 9;
/// How much content goes into a block, as in ClickHouse.
const CONTENT: usize = 1 << 20;

/// The bytes as LZ4 blocks.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(bytes.len() / 2 + 64);
    for content in bytes.chunks(CONTENT) {
        let compressed = lz4_flex::block::compress(content);
        let mut block = Vec::with_capacity(HEADER + compressed.len());
        block.push(METHOD);
        for size in [HEADER + compressed.len(), content.len()] {
            // Both are a few bytes above 1 MiB at most.
            block.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
        }
        block.extend_from_slice(&compressed);
        // The library's first half is the low one in memory.
        blocks.extend_from_slice(
            &cityhash_rs::cityhash_102_128(&block)
                .rotate_right(64)
                .to_le_bytes(),
        );
        blocks.extend_from_slice(&block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::{CONTENT, HEADER, compress};

    #[test]
    fn sizes_and_content() {
        let bytes = vec![7_u8; CONTENT + 5];
        let mut rest = &compress(&bytes)[..];
        let mut read = Vec::new();
        while !rest.is_empty() {
            assert_eq!(rest[16], 0x82);
            let size =
                |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().expect("four bytes")) as usize;
            let (block, content) = (size(17), size(21));
            read.extend(lz4_flex::block::decompress(&rest[16 + HEADER..16 + block], content).expect("LZ4"));
            rest = &rest[16 + block..];
        }
        assert_eq!(read, bytes);
    }
}
