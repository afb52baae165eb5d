//! OTLP JSON to protobuf bytes in one pass, without a tree in between.
//!
//! It accepts what protobuf's JSON mapping does: unknown fields are skipped, null is the same as absent, 64-bit
//! integers are strings or numbers, doubles may be `"NaN"`, `"Infinity"` and `"-Infinity"`, bytes are base64. Ids are
//! hexadecimal as OTLP wants; base64, which the mapping would have, is told apart by its length.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::encoding::{WireType, encode_key, encode_varint};
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::message::{Field, Kind, Message};

/// Bytes set aside for the length of a nested message: a varint padded to this width holds up to 2^35 − 1.
const LENGTH_WIDTH: usize = 5;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of `message` that say what the JSON text says.
pub(super) fn to_protobuf(message: &'static Message, json: &[u8]) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Fields {
        message,
        out: &mut out,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(out)
}

/// Writes the fields of an object.
struct Fields<'a> {
    message: &'static Message,
    out: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            match self.message.fields.iter().find(|field| field.name == name) {
                Some(field) if field.repeated => map.next_value_seed(Elements { field, out: self.out })?,
                Some(field) => map.next_value_seed(Single {
                    field,
                    out: self.out,
                    element: false,
                })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A name, borrowed when it holds no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Writes the values of a repeated field; none for null.
struct Elements<'a> {
    field: &'static Field,
    out: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an array for {}", self.field.name)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(Single {
                field: self.field,
                out: self.out,
                element: true,
            })?
            .is_some()
        {}
        Ok(())
    }
}

/// Writes one value. Null writes nothing, or an empty message where it is the element of an array.
struct Single<'a> {
    field: &'static Field,
    out: &'a mut Vec<u8>,
    element: bool,
}

impl<'de> DeserializeSeed<'de> for Single<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Single<'_> {
    fn key(&mut self, wire_type: WireType) {
        encode_key(self.field.number, wire_type, self.out);
    }

    /// An integer that fits 64 bits, signed or not.
    fn integer<E: Error>(mut self, value: i128) -> Result<(), E> {
        let out_of_range =
            |single: &Self| E::invalid_value(Unexpected::Other("an integer out of range"), single);
        let bits = if value < 0 {
            i64::try_from(value).map(|value| value as u64)
        } else {
            u64::try_from(value)
        };
        match self.field.kind {
            Kind::Varint => {
                let bits = bits.map_err(|_| out_of_range(&self))?;
                self.key(WireType::Varint);
                encode_varint(bits, self.out);
            }
            Kind::Zigzag => {
                let value = i32::try_from(value).map_err(|_| out_of_range(&self))?;
                self.key(WireType::Varint);
                encode_varint(u64::from(((value << 1) ^ (value >> 31)) as u32), self.out);
            }
            Kind::Fixed32 => {
                let value = u32::try_from(value).map_err(|_| out_of_range(&self))?;
                self.key(WireType::ThirtyTwoBit);
                self.out.extend(value.to_le_bytes());
            }
            Kind::Fixed64 => {
                let bits = bits.map_err(|_| out_of_range(&self))?;
                self.key(WireType::SixtyFourBit);
                self.out.extend(bits.to_le_bytes());
            }
            Kind::Double => return self.double(value as f64),
            _ => return Err(E::invalid_type(Unexpected::Other("a number"), &self)),
        }
        Ok(())
    }

    fn double<E: Error>(mut self, value: f64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => {
                self.key(WireType::SixtyFourBit);
                self.out.extend(value.to_le_bytes());
                Ok(())
            }
            // 1e3 is an integer too. Doubles beyond 2^64 become an i128 that no field takes.
            _ if value.fract() == 0.0 => self.integer(value as i128),
            _ => Err(E::invalid_type(Unexpected::Float(value), &self)),
        }
    }

    fn bytes(mut self, bytes: &[u8]) {
        self.key(WireType::LengthDelimited);
        encode_varint(bytes.len() as u64, self.out);
        self.out.extend(bytes);
    }
}

impl<'de> Visitor<'de> for Single<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.field.kind {
            Kind::Bool => "a boolean",
            Kind::Varint | Kind::Zigzag | Kind::Fixed32 | Kind::Fixed64 => "an integer, or one in a string,",
            Kind::Double => "a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
            Kind::String => "a string",
            Kind::Bytes => "a string in base64",
            Kind::Id => "a string of hexadecimal digits",
            Kind::Message(_) => "an object",
        };
        write!(formatter, "{what} for {}", self.field.name)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if let (true, Kind::Message(_)) = (self.element, self.field.kind) {
            self.bytes(&[]);
        }
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, value: bool) -> Result<(), E> {
        let Kind::Bool = self.field.kind else {
            return Err(E::invalid_type(Unexpected::Bool(value), &self));
        };
        self.key(WireType::Varint);
        self.out.push(u8::from(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.double(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        let invalid = |single: &Self| E::invalid_value(Unexpected::Str(value), single);
        match self.field.kind {
            Kind::String => self.bytes(value.as_bytes()),
            Kind::Bytes => {
                let bytes = BASE64.decode(value).map_err(|_| invalid(&self))?;
                self.bytes(&bytes);
            }
            Kind::Id => {
                let bytes = id(value).ok_or_else(|| invalid(&self))?;
                self.bytes(&bytes);
            }
            Kind::Bool | Kind::Message(_) => return Err(E::invalid_type(Unexpected::Str(value), &self)),
            _ => {
                if let Ok(value) = value.parse::<i128>() {
                    return self.integer(value);
                }
                let value = value.parse::<f64>().map_err(|_| invalid(&self))?;
                return self.double(value);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<(), A::Error> {
        let Kind::Message(message) = self.field.kind else {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        };
        self.key(WireType::LengthDelimited);
        let start = self.out.len() + LENGTH_WIDTH;
        self.out.resize(start, 0);
        Fields {
            message,
            out: self.out,
        }
        .visit_map(map)?;
        let length = self.out.len() - start;
        write_padded_varint(length, &mut self.out[start - LENGTH_WIDTH..start]);
        Ok(())
    }
}

/// Fills the slot with a varint that is longer than it need be, which protobuf allows: the length of a nested message
/// is only known once it is written, and moving it for each level of nesting would cost the square of the depth.
fn write_padded_varint(value: usize, slot: &mut [u8]) {
    let last = slot.len() - 1;
    for (index, byte) in slot.iter_mut().enumerate() {
        let continued = if index < last { 0x80 } else { 0 };
        *byte = (value >> (7 * index)) as u8 & 0x7f | continued;
    }
}

/// An id: 16 or 8 bytes as hexadecimal digits, or as base64 by senders that follow protobuf's own JSON mapping.
fn id(text: &str) -> Option<Vec<u8>> {
    if matches!(text.len(), 24 | 12)
        && let Ok(bytes) = BASE64.decode(text)
        && matches!(bytes.len(), 16 | 8)
    {
        return Some(bytes);
    }
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    digits
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}
