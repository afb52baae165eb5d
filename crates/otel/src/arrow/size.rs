//! Estimates the size of a request as columns.
//!
//! A resource's attributes are sent once and stored with every record, so a small body can become a large batch. A
//! column holds at most 2^31 bytes.

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::error::AppendError;

/// Most bytes of a batch, by an estimate of the bytes of its columns.
pub const MAX_BATCH_BYTES: usize = 512 << 20;

/// Bytes of a row besides its texts: fixed-width columns and offsets.
pub(super) const ROW: usize = 512;

/// Returns the bytes of attributes that every record of the resource and scope repeats.
pub(super) fn shared(resource: Option<&Resource>, scope: Option<&InstrumentationScope>) -> usize {
    let resource = resource.map_or(0, |resource| attributes(&resource.attributes));
    let scope = scope.map_or(0, |scope| {
        scope.name.len() + scope.version.len() + attributes(&scope.attributes)
    });
    resource + scope
}

fn attributes(attributes: &[KeyValue]) -> usize {
    // Bytes and control characters take more space as JSON.
    attributes
        .iter()
        .map(|attribute| 2 * attribute.encoded_len())
        .sum()
}

/// Checks that a request fits a batch that already has `held` bytes. Both are in estimated bytes.
pub(super) fn check(held: usize, request: usize) -> Result<(), AppendError> {
    if request > MAX_BATCH_BYTES {
        return Err(AppendError::RequestTooLarge { bytes: request });
    }
    if held + request > MAX_BATCH_BYTES {
        return Err(AppendError::BatchFull);
    }
    Ok(())
}
