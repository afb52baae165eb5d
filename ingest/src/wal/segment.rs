//! The segment files `<number>.wal`: a 16-byte head (magic, first position) and frames.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use lakefront_lake::files::sync_folder;

use super::frame;

/// First bytes of every segment. The last byte is the version of the format.
const MAGIC: [u8; 8] = *b"LAKEWAL\x01";

/// Offset of a segment's first frame, in bytes.
pub const HEAD: u64 = 16;

/// Returns the path of a segment.
pub fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.wal"))
}

/// Returns the numbers of the segments in a folder, ascending.
pub fn list(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wal")
            && let Some(number) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Creates an empty segment that survives a crash: head and folder entry are synced.
pub fn create(folder: &Path, number: u64, next_position: u64) -> io::Result<File> {
    let path = path(folder, number);
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    let written = file
        .write_all_at(&MAGIC, 0)
        .and_then(|()| file.write_all_at(&next_position.to_le_bytes(), MAGIC.len() as u64))
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_folder(folder));
    if let Err(error) = written {
        // A later start would report an empty segment without its head as damaged.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

/// The end of the intact part of a segment.
pub struct Intact {
    /// Offset after the last intact frame, in bytes.
    pub end: u64,
    /// The first free log position.
    pub next_position: u64,
}

/// Reads a segment from its head to the first frame that is not intact. Returns `None` if there is no valid head.
pub fn scan(file: &File) -> io::Result<Option<Intact>> {
    let length = file.metadata()?.len();
    if length < HEAD {
        return Ok(None);
    }
    let mut head = [0; HEAD as usize];
    file.read_exact_at(&mut head, 0)?;
    let (magic, position) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Ok(None);
    }
    let mut intact = Intact {
        end: HEAD,
        next_position: position.try_into().map_or(1, u64::from_le_bytes),
    };
    while let Some(frame) = frame::read(file, intact.end, length)? {
        intact.end = frame.next;
        intact.next_position = frame.header.last_position() + 1;
    }
    Ok(Some(intact))
}
