//! ClickHouse's native compressed blocks, for clients that request them with `compress=1` or send them with
//! `decompress=1`.
//!
//! A block is a checksum, one byte that names the method, two sizes and the content. The checksum is CityHash128 v1.0.2
//! of the rest. The sizes are those of the block without its checksum, and of its content before compression.
//! <https://clickhouse.com/docs/native-protocol/basics#compression>

use bytes::{Buf as _, BytesMut};

/// The method byte of uncompressed content.
const NONE: u8 = 0x02;
/// The method byte of LZ4.
const LZ4: u8 = 0x82;
/// The method byte of Zstandard.
const ZSTD: u8 = 0x90;
/// The bytes of a checksum.
const CHECKSUM: usize = 16;
/// The bytes of the method and of both sizes.
const HEADER: usize = 9;
/// The most bytes of a block, and of its content, that are read. Most clients send 1 MiB, some 10 MiB.
const MAX_BLOCK: usize = 16 << 20;
/// The bytes of content in a block that is written, as in ClickHouse.
const CONTENT: usize = 1 << 20;

/// Compresses bytes as LZ4 blocks.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(bytes.len() / 2 + 64);
    for content in bytes.chunks(CONTENT) {
        let compressed = lz4_flex::block::compress(content);
        let mut block = Vec::with_capacity(HEADER + compressed.len());
        block.push(LZ4);
        for size in [HEADER + compressed.len(), content.len()] {
            // Both are a few bytes above 1 MiB at most.
            block.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
        }
        block.extend_from_slice(&compressed);
        blocks.extend_from_slice(&checksum(&block));
        blocks.extend_from_slice(&block);
    }
    blocks
}

/// The reason why a block is not unpacked.
#[derive(Debug, PartialEq, Eq)]
pub enum BadBlock {
    /// The block is malformed, or its checksum is wrong.
    Invalid(String),
    /// The block has more content than the limit of the body permits.
    TooMuch,
}

/// An incremental reader of blocks.
#[derive(Debug, Default)]
pub struct BlockReader(BytesMut);

impl BlockReader {
    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends the content of the first block to `content`. Returns false if the block has not fully arrived.
    ///
    /// Unpacks one block at a time, and none with more than `most` bytes of content: a few kilobytes can expand to
    /// gigabytes.
    ///
    /// # Errors
    /// [`BadBlock`].
    pub fn unpack_next(&mut self, content: &mut BytesMut, most: u64) -> Result<bool, BadBlock> {
        let Some(length) = self.length(most)? else {
            return Ok(false);
        };
        let block = self.0.split_to(CHECKSUM + length);
        let (sum, block) = block.split_at(CHECKSUM);
        if checksum(block) != *sum {
            return Err(BadBlock::Invalid(
                "a compressed block has another checksum than it says".into(),
            ));
        }
        unpack(block, content).map_err(BadBlock::Invalid)?;
        Ok(true)
    }

    /// Returns true if no bytes are left, so that the last block was complete.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the length of the first block without its checksum; `None` if the block has not fully arrived.
    fn length(&self, most: u64) -> Result<Option<usize>, BadBlock> {
        let Some(mut header) = self.0.get(CHECKSUM + 1..CHECKSUM + HEADER) else {
            return Ok(None);
        };
        let (length, content) = (header.get_u32_le() as usize, header.get_u32_le() as usize);
        if !(HEADER..=MAX_BLOCK).contains(&length) || content > MAX_BLOCK {
            return Err(BadBlock::Invalid(format!(
                "a compressed block says it has {length} bytes and {content} of content: up to {MAX_BLOCK} are read"
            )));
        }
        if content as u64 > most {
            return Err(BadBlock::TooMuch);
        }
        Ok((self.0.len() >= CHECKSUM + length).then_some(length))
    }
}

/// Decompresses a block, without its checksum, behind `content`.
fn unpack(block: &[u8], content: &mut BytesMut) -> Result<(), String> {
    let (mut header, packed) = block.split_at(HEADER);
    let method = header.get_u8();
    header.advance(4);
    let length = header.get_u32_le() as usize;
    let start = content.len();
    content.resize(start + length, 0);
    let space = &mut content[start..];
    let unpacked = match method {
        NONE if packed.len() == length => {
            space.copy_from_slice(packed);
            Ok(length)
        }
        LZ4 => lz4_flex::block::decompress_into(packed, space).map_err(|error| error.to_string()),
        ZSTD => zstd::bulk::decompress_to_buffer(packed, space).map_err(|error| error.to_string()),
        method => Err(format!("method {method:#x} is not read, only LZ4, ZSTD and none")),
    };
    match unpacked {
        Ok(unpacked) if unpacked == length => Ok(()),
        Ok(unpacked) => Err(format!(
            "a compressed block holds {unpacked} bytes, not {length} as it says"
        )),
        Err(reason) => Err(format!("a compressed block: {reason}")),
    }
}

/// Returns the CityHash128 v1.0.2 of a block. The library returns the halves in the opposite order.
fn checksum(block: &[u8]) -> [u8; CHECKSUM] {
    cityhash_rs::cityhash_102_128(block)
        .rotate_right(64)
        .to_le_bytes()
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{BadBlock, BlockReader, CONTENT, HEADER, MAX_BLOCK, NONE, ZSTD, checksum, compress};

    fn read(blocks: &[u8], at_once: usize) -> Result<BytesMut, BadBlock> {
        let (mut reader, mut content) = (BlockReader::default(), BytesMut::new());
        for bytes in blocks.chunks(at_once) {
            reader.push(bytes);
            while reader.unpack_next(&mut content, u64::MAX)? {}
        }
        if reader.is_done() {
            Ok(content)
        } else {
            Err(BadBlock::Invalid("not done".into()))
        }
    }

    fn block(method: u8, packed: &[u8], length: u32) -> Vec<u8> {
        let size = u32::try_from(HEADER + packed.len()).expect("small");
        let block = [&[method][..], &size.to_le_bytes(), &length.to_le_bytes(), packed].concat();
        [&checksum(&block)[..], &block].concat()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..CONTENT + 5).map(|n| (n % 251) as u8).collect();
        let blocks = compress(&bytes);
        for at_once in [1, 7, 4096, blocks.len()] {
            assert_eq!(read(&blocks, at_once).expect("blocks"), bytes, "{at_once}");
        }
        assert_eq!(read(&[], 1).expect("no block"), "");
    }

    #[test]
    fn other_methods() {
        assert_eq!(read(&block(NONE, b"abc", 3), 2).expect("a block"), "abc");
        let packed = zstd::bulk::compress(b"abcabcabc", 1).expect("packed");
        assert_eq!(read(&block(ZSTD, &packed, 9), 5).expect("a block"), "abcabcabc");
    }

    #[test]
    fn no_block_is_unpacked_past_the_limit() {
        let block = compress(&[0; 1000]);
        let (mut reader, mut content) = (BlockReader::default(), BytesMut::new());
        reader.push(&block.repeat(3));
        for expected in [1000, 2000] {
            let most = 2500 - content.len() as u64;
            assert_eq!(reader.unpack_next(&mut content, most), Ok(true));
            assert_eq!(content.len(), expected, "one block at a time");
        }
        assert_eq!(reader.unpack_next(&mut content, 500), Err(BadBlock::TooMuch));
        assert_eq!(content.len(), 2000);
    }

    #[test]
    fn what_is_refused() {
        let good = block(NONE, b"abc", 3);
        let mut changed = good.clone();
        *changed.last_mut().expect("bytes") ^= 1;
        for (what, blocks) in [
            ("another content", changed),
            ("half of it", good[..good.len() - 1].to_vec()),
            ("another length", block(NONE, b"abc", 4)),
            ("a length that is not so", block(0x82, b"\x30abc", 30)),
            ("no LZ4", block(0x82, b"\xff\xff", 30)),
            ("an unknown method", block(0x91, b"abc", 3)),
            ("too long", block(NONE, b"abc", u32::MAX)),
            ("longer than any", block(NONE, b"abc", MAX_BLOCK as u32 + 1)),
        ] {
            assert!(read(&blocks, 1000).is_err(), "{what}");
        }
    }
}
