//! Repairs protobuf with text that is not UTF-8, or with records that can't be read.

use prost::encoding::{WireType, decode_varint, encode_key, encode_varint};

use super::message::{Field, Kind, Message, Role};
use super::repair::{Path, Repair, Repaired, Repairs};
use super::{LENGTH_WIDTH, write_padded_varint, write_unreadable_record};

/// The error for bytes that are not a message of the expected type.
struct Broken;

/// Returns the body with each unreadable text, value or record replaced.
///
/// Returns `None` if the bytes between the records are broken, or if no record can be read: the body is another
/// message, or not protobuf.
pub(super) fn repair(message: &'static Message, body: &[u8]) -> Option<Repaired> {
    let mut reader = Reader {
        out: Vec::with_capacity(body.len()),
        path: Path::default(),
        repairs: Repairs::default(),
        readable_records: 0,
    };
    reader.message(message, body).ok()?;
    let other = reader.readable_records == 0 && reader.repairs.first(Repair::Record).is_some();
    (!other).then_some(Repaired {
        protobuf: reader.out,
        repairs: reader.repairs,
    })
}

/// The state of a repair.
struct Reader {
    out: Vec<u8>,
    path: Path,
    repairs: Repairs,
    readable_records: u64,
}

impl Reader {
    /// Copies the fields of a message, and repairs them on the way.
    fn message(&mut self, message: &'static Message, mut bytes: &[u8]) -> Result<(), Broken> {
        let mut counts = vec![0; message.fields.len()];
        while !bytes.is_empty() {
            let start = bytes;
            let key = u32::try_from(varint(&mut bytes)?).map_err(|_| Broken)?;
            let (number, wire_type) = (key >> 3, key & 7);
            let length = match wire_type {
                0 => {
                    let before = bytes.len();
                    let mut after = bytes;
                    varint(&mut after)?;
                    before - after.len()
                }
                1 => 8,
                2 => usize::try_from(varint(&mut bytes)?).map_err(|_| Broken)?,
                5 => 4,
                _ => return Err(Broken),
            };
            let (value, rest) = bytes.split_at_checked(length).ok_or(Broken)?;
            bytes = rest;
            let whole = &start[..start.len() - rest.len()];
            let field = message.fields.iter().position(|field| field.number == number);
            let Some(index) = field else {
                if number == 0 {
                    return Err(Broken);
                }
                self.out.extend_from_slice(whole);
                continue;
            };
            let field = &message.fields[index];
            let element = field.repeated.then_some(counts[index]);
            counts[index] += 1;
            self.path.enter(field.name, element);
            self.field(field, wire_type, value, whole)?;
            self.path.leave();
        }
        Ok(())
    }

    /// Copies one field. `value` is its content, `whole` includes the key.
    fn field(&mut self, field: &Field, wire_type: u32, value: &[u8], whole: &[u8]) -> Result<(), Broken> {
        match (field.kind, wire_type) {
            (Kind::String, 2) => match std::str::from_utf8(value) {
                Ok(_) => self.out.extend_from_slice(whole),
                Err(_) => {
                    self.repairs.add(Repair::Text, 1, || self.path.to_string());
                    let text = String::from_utf8_lossy(value);
                    encode_key(field.number, WireType::LengthDelimited, &mut self.out);
                    encode_varint(text.len() as u64, &mut self.out);
                    self.out.extend_from_slice(text.as_bytes());
                }
            },
            (Kind::Message(_), 2) if self.path.is_too_deep() => self.leave_out(),
            (Kind::Message(inner), 2) => return self.nested(field, inner, value),
            (kind, _) if fits(kind, field.repeated, wire_type, value) => self.out.extend_from_slice(whole),
            _ => return Err(Broken),
        }
        Ok(())
    }

    /// Copies a nested message. If it is broken, replaces it with a placeholder if it is a record, or leaves it out if
    /// it is shared.
    fn nested(&mut self, field: &Field, inner: &'static Message, value: &[u8]) -> Result<(), Broken> {
        let start = self.out.len();
        encode_key(field.number, WireType::LengthDelimited, &mut self.out);
        let content = self.out.len() + LENGTH_WIDTH;
        self.out.resize(content, 0);
        let depth = self.path.depth();
        let copied = self.message(inner, value);
        match (copied, inner.role) {
            (Ok(()), _) => {
                let length = self.out.len() - content;
                write_padded_varint(length, &mut self.out[content - LENGTH_WIDTH..content]);
                self.readable_records += u64::from(matches!(inner.role, Role::Record { .. }));
            }
            (Err(Broken), Role::Record { time }) => {
                self.path.truncate(depth);
                self.out.truncate(start);
                write_unreadable_record(field.number, time, &mut self.out);
                let place = || format!("{}: not the protobuf of a record", self.path);
                self.repairs.add(Repair::Record, 1, place);
            }
            (Err(Broken), Role::Shared) => {
                self.path.truncate(depth);
                self.out.truncate(start);
                self.leave_out();
            }
            (Err(Broken), _) => return Err(Broken),
        }
        Ok(())
    }

    /// Records that the current field is left out.
    fn leave_out(&mut self) {
        self.repairs.add(Repair::LeftOut, 1, || self.path.to_string());
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Broken> {
    decode_varint(bytes).map_err(|_| Broken)
}

/// Returns true if prost accepts the bytes for a field of the kind: one value, or several packed values.
fn fits(kind: Kind, repeated: bool, wire_type: u32, value: &[u8]) -> bool {
    let single = match kind {
        Kind::Bool | Kind::Enum(_) | Kind::Uint32 | Kind::Uint64 | Kind::Int64 { .. } | Kind::Sint32 => 0,
        Kind::Fixed64 | Kind::Sfixed64 { .. } | Kind::Double => 1,
        Kind::Fixed32 => 5,
        Kind::String | Kind::Bytes | Kind::Id | Kind::Message(_) => 2,
    };
    if wire_type == single {
        return true;
    }
    let packed = match single {
        0 => {
            let mut rest = value;
            std::iter::from_fn(|| (!rest.is_empty()).then(|| decode_varint(&mut rest)))
                .all(|value| value.is_ok())
        }
        1 => value.len().is_multiple_of(8),
        5 => value.len().is_multiple_of(4),
        _ => false,
    };
    repeated && wire_type == 2 && packed
}
