//! Estimates the memory of a decoded protobuf body. A nested message can take two bytes in the body and hundreds
//! decoded.

use prost::encoding::decode_varint;

use super::message::{Field, Kind, Message};

/// Nesting at which prost refuses a body.
const DEPTH: u32 = 100;

/// Returns roughly the bytes of the decoded message. A malformed body is counted up to its first error.
pub(super) fn decoded(message: &Message, body: &[u8]) -> usize {
    walk(message, body, DEPTH).unwrap_or_else(|counted| counted)
}

/// Counts the bytes of a message. At the first error in the body, returns the count so far as `Err`.
fn walk(message: &Message, mut bytes: &[u8], depth: u32) -> Result<usize, usize> {
    let mut total = 0;
    let Some(depth) = depth.checked_sub(1) else {
        return Err(0);
    };
    while !bytes.is_empty() {
        let key = decode_varint(&mut bytes).map_err(|_| total)?;
        let length = match key & 7 {
            0 => {
                decode_varint(&mut bytes).map_err(|_| total)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(decode_varint(&mut bytes).map_err(|_| total)?).map_err(|_| total)?,
            5 => 4,
            _ => return Err(total),
        };
        let (value, rest) = bytes.split_at_checked(length).ok_or(total)?;
        bytes = rest;
        let field = message
            .fields
            .iter()
            .find(|field| u64::from(field.number) == key >> 3);
        if key & 7 == 2
            && let Some(field) = field
        {
            total += of_field(field, value, depth).map_err(|counted| total + counted)?;
        }
    }
    Ok(total)
}

/// Counts the bytes of one field, like [`walk`].
fn of_field(field: &Field, value: &[u8], depth: u32) -> Result<usize, usize> {
    match field.kind {
        Kind::Message(inner) => {
            // A message that is not repeated is stored within its parent.
            let own = if field.repeated {
                64 + 24 * inner.fields.len()
            } else {
                0
            };
            walk(inner, value, depth)
                .map(|nested| own + nested)
                .map_err(|nested| own + nested)
        }
        // A packed number takes at least one byte in the body.
        Kind::Enum(_) | Kind::Uint32 | Kind::Uint64 | Kind::Int64 { .. } | Kind::Sint32 => {
            Ok(8 * value.len())
        }
        _ if field.repeated => Ok(24 + value.len()),
        _ => Ok(value.len()),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        collector::logs::v1::ExportLogsServiceRequest,
        logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    };
    use prost::Message as _;

    use super::super::message::LOGS_REQUEST;
    use super::*;

    #[test]
    fn empty_records_count_as_what_they_become() {
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                scope_logs: vec![ScopeLogs {
                    log_records: vec![LogRecord::default(); 1000],
                    ..Default::default()
                }],
                ..Default::default()
            }],
        };
        let body = request.encode_to_vec();
        assert!(body.len() < 2_100);
        assert!(decoded(&LOGS_REQUEST, &body) >= 1000 * size_of::<LogRecord>());
    }

    #[test]
    fn what_is_no_message_is_counted_as_far_as_it_goes() {
        assert_eq!(decoded(&LOGS_REQUEST, b"\xff\xff\xff"), 0);
        assert_eq!(decoded(&LOGS_REQUEST, b"\x0a\xff\xff\xff\xff\x0f"), 0);
    }
}
