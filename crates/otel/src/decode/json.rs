//! Converts OTLP JSON to protobuf bytes in one pass, without a tree in between.
//!
//! It accepts the JSON mapping of protobuf:
//! - Unknown fields are skipped, and null is the same as absent.
//! - 64-bit integers are strings or numbers.
//! - Doubles may be `"NaN"`, `"Infinity"` and `"-Infinity"`.
//! - Bytes are in base64.
//! - Names of fields and enumerations may be those of the `.proto` files.
//! - Ids are hexadecimal, as OTLP requires. Base64, which the mapping would require, is recognised by its length.
//!
//! The first reading is strict: any value that does not fit its field is an error. The second reading, with
//! [`Repairs`], keeps such a value as another type if possible. Otherwise it leaves out the field or replaces the
//! record.

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

use super::message::{Field, Kind, Message, Role};
use super::repair::{Path, Repair, Repaired, Repairs};
use super::{LENGTH_WIDTH, text, write_padded_varint, write_unreadable_record};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Most bytes of an unknown field name that are included in the message to its sender.
const NAME_BYTES: usize = 40;

/// Returns the protobuf bytes of a `message` in JSON.
///
/// # Errors
/// When the text is not JSON, or a value does not fit its field.
pub(super) fn to_protobuf(message: &'static Message, json: &[u8]) -> serde_json::Result<Vec<u8>> {
    read(message, json, None)
}

/// Returns the protobuf bytes of a `message` in JSON, with all that can't be read repaired.
///
/// # Errors
/// When the text is not JSON, or not an object with lists of resources.
pub(super) fn repair(message: &'static Message, json: &[u8]) -> serde_json::Result<Repaired> {
    let (json, changed) = text::repair(json);
    let mut lenient = Lenient::default();
    let place = || "replaced by U+FFFD, an escape or a name".to_owned();
    lenient.repairs.add(Repair::Text, changed, place);
    let protobuf = read(message, &json, Some(&mut lenient))?;
    Ok(Repaired {
        protobuf,
        repairs: lenient.repairs,
    })
}

/// Converts the JSON text of a `message`, leniently if `lenient` is given.
fn read(
    message: &'static Message,
    json: &[u8],
    lenient: Option<&mut Lenient>,
) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Fields {
        message,
        out: &mut out,
        lenient,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(out)
}

/// The state of the second, lenient reading.
#[derive(Default)]
struct Lenient {
    path: Path,
    repairs: Repairs,
    /// True if an essential part of the current record can't be read.
    record_is_unreadable: bool,
}

impl Lenient {
    fn add(&mut self, kind: Repair, why: impl fmt::Display) {
        self.repairs.add(kind, 1, || format!("{}: {why}", self.path));
    }
}

/// A visitor that writes the fields of an object.
struct Fields<'a> {
    message: &'static Message,
    out: &'a mut Vec<u8>,
    lenient: Option<&'a mut Lenient>,
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

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            match self.message.field(&name) {
                Some(field) if field.repeated => map.next_value_seed(Elements {
                    field,
                    message: self.message,
                    out: self.out,
                    lenient: self.lenient.as_deref_mut(),
                })?,
                Some(field) => map.next_value_seed(Single {
                    field,
                    message: self.message,
                    out: self.out,
                    lenient: self.lenient.as_deref_mut(),
                    element: None,
                })?,
                None => {
                    if let Some(lenient) = self.lenient.as_deref_mut()
                        && lenient.path.is_root()
                    {
                        lenient.unknown(&name, self.message);
                    }
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl Lenient {
    /// Records an unknown field of the request itself, because all of its content is lost.
    fn unknown(&mut self, name: &str, message: &Message) {
        let name = &name[..name.floor_char_boundary(NAME_BYTES)];
        let known = message.fields.first().map_or("", |field| field.name);
        let place = || format!("{name:?}: an unknown field; this path takes {known}");
        self.repairs.add(Repair::LeftOut, 1, place);
    }
}

/// A field name, borrowed if it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A visitor that writes the values of a repeated field. Null counts as an empty array.
struct Elements<'a> {
    field: &'static Field,
    message: &'static Message,
    out: &'a mut Vec<u8>,
    lenient: Option<&'a mut Lenient>,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Elements<'_> {
    /// Handles a value that is not an array. At the root this is an error: a body without a list of resources is not a
    /// request.
    fn no_array<E: Error>(self, found: Unexpected<'_>) -> Result<(), E> {
        let expected = E::invalid_type(found, &self);
        let Some(lenient) = self.lenient.filter(|lenient| !lenient.path.is_root()) else {
            return Err(expected);
        };
        lenient.path.enter(self.field.name, None);
        match self.field.kind {
            // Without an array, the number of records that were sent is unknown, so no placeholders are written.
            Kind::Message(inner) if matches!(inner.role, Role::Record { .. }) => {
                lenient.add(Repair::LeftOut, "expected an array");
            }
            _ => lenient.unreadable(self.message, self.field, "expected an array"),
        }
        lenient.path.leave();
        Ok(())
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

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.no_array(Unexpected::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.no_array(Unexpected::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.no_array(Unexpected::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.no_array(Unexpected::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.no_array(Unexpected::Str(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        skip_map(map)?;
        self.no_array(Unexpected::Map)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        while seq
            .next_element_seed(Single {
                field: self.field,
                message: self.message,
                out: self.out,
                lenient: self.lenient.as_deref_mut(),
                element: Some(index),
            })?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }
}

/// Skips the rest of an object.
fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A visitor that writes one value. Null writes nothing, or an empty message if it is an element of an array.
struct Single<'a> {
    field: &'static Field,
    /// The message that contains the field.
    message: &'static Message,
    out: &'a mut Vec<u8>,
    lenient: Option<&'a mut Lenient>,
    /// Index in the array, if the value is an element.
    element: Option<u32>,
}

impl<'de> DeserializeSeed<'de> for Single<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<(), D::Error> {
        let Some(lenient) = self.lenient.take() else {
            return deserializer.deserialize_any(self);
        };
        lenient.path.enter(self.field.name, self.element);
        if lenient.path.is_too_deep() {
            lenient.add(Repair::LeftOut, "nested too deeply");
            deserializer.deserialize_ignored_any(IgnoredAny)?;
        } else {
            deserializer.deserialize_any(Single {
                lenient: Some(&mut *lenient),
                ..self
            })?;
        }
        lenient.path.leave();
        Ok(())
    }
}

/// A JSON value that is not an array, object or null.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Bool(bool),
    Integer(i128),
    Double(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    /// Writes the value as the fields of an `AnyValue`.
    fn write_any_value(self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => prost::encoding::string::encode(1, &text.to_owned(), out),
            Self::Bool(value) => prost::encoding::bool::encode(2, &value, out),
            Self::Integer(value) => match i64::try_from(value) {
                Ok(value) => prost::encoding::int64::encode(3, &value, out),
                Err(_) => prost::encoding::double::encode(4, &(value as f64), out),
            },
            Self::Double(value) => prost::encoding::double::encode(4, &value, out),
        }
    }

    /// Returns a number, or the number in a string, as a double.
    fn number(self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(value as f64),
            Self::Double(value) => Some(value),
            Self::Text(text) => text.parse().ok(),
            Self::Bool(_) => None,
        }
    }

    /// Returns an integer, or the integer in a number or string. `1e3` is an integer too.
    fn integer(self) -> Option<i128> {
        match self {
            Self::Integer(value) => Some(value),
            Self::Text(text) => text.parse().ok().or_else(|| whole(text.parse().ok()?)),
            Self::Double(value) => whole(value),
            Self::Bool(_) => None,
        }
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Integer(value) => match i64::try_from(*value) {
                Ok(value) => Unexpected::Signed(value),
                Err(_) => Unexpected::Other("an integer out of range"),
            },
            Self::Double(value) => Unexpected::Float(*value),
            Self::Text(text) => Unexpected::Str(text),
        }
    }
}

/// Returns a double without a fraction as an integer, if it is below 2e19. No field takes an integer beyond 2^64.
fn whole(value: f64) -> Option<i128> {
    (value.fract() == 0.0 && value.abs() < 2e19).then_some(value as i128)
}

impl Lenient {
    /// Records an unreadable value.
    ///
    /// In times and measurements, the value is essential, so the record is marked as unreadable. Elsewhere only the
    /// field is left out.
    fn unreadable(&mut self, message: &Message, field: &Field, expected: impl fmt::Display) {
        let essential = match field.kind {
            Kind::Fixed64 | Kind::Sfixed64 { .. } | Kind::Uint64 | Kind::Double | Kind::Sint32 => {
                message.role != Role::AnyValue
            }
            Kind::Message(inner) => matches!(inner.role, Role::Record { .. } | Role::Measurement),
            _ => false,
        };
        if essential {
            if !self.record_is_unreadable {
                self.add(Repair::Record, expected);
            }
            self.record_is_unreadable = true;
        } else {
            self.add(Repair::LeftOut, expected);
        }
    }
}

impl Single<'_> {
    fn key(&mut self, wire_type: WireType) {
        encode_key(self.field.number, wire_type, self.out);
    }

    fn varint(mut self, bits: u64) {
        self.key(WireType::Varint);
        encode_varint(bits, self.out);
    }

    /// Writes a value, or calls [`Self::misfit`] if it does not fit the field.
    fn scalar<E: Error>(mut self, value: Scalar<'_>) -> Result<(), E> {
        match (self.field.kind, value) {
            (Kind::Bool, Scalar::Bool(value)) => self.varint(value.into()),
            (Kind::String, Scalar::Text(text)) => self.bytes(text.as_bytes()),
            (Kind::Bytes, Scalar::Text(text)) => match BASE64.decode(text) {
                Ok(bytes) => self.bytes(&bytes),
                Err(_) => return self.misfit(value),
            },
            (Kind::Id, Scalar::Text(text)) => match id(text) {
                Some(bytes) => self.bytes(&bytes),
                None => return self.misfit(value),
            },
            (Kind::Double, value) => match value.number() {
                Some(number) => self.fixed64(number.to_le_bytes()),
                None => return self.misfit(value),
            },
            (Kind::Enum(number_of), value) => {
                let named = match value {
                    Scalar::Text(text) => number_of(text),
                    _ => None,
                };
                match named.or_else(|| i32::try_from(value.integer()?).ok()) {
                    // Protobuf extends the sign of an enumeration value to 64 bits.
                    Some(number) => self.varint(i64::from(number) as u64),
                    None => return self.misfit(value),
                }
            }
            (kind, value) => {
                let Some(integer) = value.integer() else {
                    return self.misfit(value);
                };
                match (kind, i64::try_from(integer), u64::try_from(integer)) {
                    (Kind::Uint32, _, Ok(bits)) if u32::try_from(bits).is_ok() => self.varint(bits),
                    (Kind::Uint64, _, Ok(bits)) => self.varint(bits),
                    (Kind::Int64 { .. }, Ok(value), _) => self.varint(value as u64),
                    (Kind::Sint32, Ok(value), _) if i32::try_from(value).is_ok() => {
                        self.varint(((value << 1) ^ (value >> 63)) as u64 & u64::from(u32::MAX));
                    }
                    (Kind::Fixed32, _, Ok(bits)) if u32::try_from(bits).is_ok() => {
                        self.key(WireType::ThirtyTwoBit);
                        self.out.extend((bits as u32).to_le_bytes());
                    }
                    (Kind::Fixed64, _, Ok(bits)) => self.fixed64(bits.to_le_bytes()),
                    (Kind::Sfixed64 { .. }, Ok(value), _) => self.fixed64(value.to_le_bytes()),
                    _ => return self.misfit(value),
                }
            }
        }
        Ok(())
    }

    /// Handles a value that does not fit the field. In the first reading this is an error.
    ///
    /// In the second reading, the value is kept as another type if the message has a field for that. Otherwise the
    /// field is left out.
    fn misfit<E: Error>(mut self, value: Scalar<'_>) -> Result<(), E> {
        let error = E::invalid_value(value.unexpected(), &self);
        let expected = Expected(self.field);
        let Some(lenient) = self.lenient.take() else {
            return Err(error);
        };
        match (self.field.kind, value.number()) {
            (Kind::Int64 { or_double } | Kind::Sfixed64 { or_double }, Some(number)) => {
                self.double(or_double, number);
            }
            _ if self.message.role == Role::AnyValue => value.write_any_value(self.out),
            (Kind::Message(inner), _) if inner.role == Role::AnyValue => {
                let mut any_value = Vec::new();
                value.write_any_value(&mut any_value);
                self.bytes(&any_value);
            }
            _ => {
                self.unreadable(lenient);
                return Ok(());
            }
        }
        lenient.add(Repair::Type, expected);
        Ok(())
    }

    /// Handles an array or object, which the caller has skipped, in a field that takes another type.
    fn no_scalar<E: Error>(mut self, found: Unexpected<'_>) -> Result<(), E> {
        let error = E::invalid_type(found, &self);
        let Some(lenient) = self.lenient.take() else {
            return Err(error);
        };
        self.unreadable(lenient);
        Ok(())
    }

    /// Leaves out the field. If the field is a record, writes a placeholder.
    fn unreadable(self, lenient: &mut Lenient) {
        lenient.unreadable(self.message, self.field, Expected(self.field));
        if let Kind::Message(inner) = self.field.kind
            && let Role::Record { time } = inner.role
        {
            lenient.record_is_unreadable = false;
            write_unreadable_record(self.field.number, time, self.out);
        }
    }

    fn fixed64(mut self, bytes: [u8; 8]) {
        self.key(WireType::SixtyFourBit);
        self.out.extend(bytes);
    }

    fn double(self, field: u32, value: f64) {
        encode_key(field, WireType::SixtyFourBit, self.out);
        self.out.extend(value.to_le_bytes());
    }

    fn bytes(mut self, bytes: &[u8]) {
        self.key(WireType::LengthDelimited);
        encode_varint(bytes.len() as u64, self.out);
        self.out.extend(bytes);
    }
}

/// Displays the values that a field takes.
struct Expected(&'static Field);

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            Kind::Bool => "a boolean",
            Kind::Enum(_) => "a number of the enumeration",
            Kind::Uint32 | Kind::Fixed32 => "an integer from 0 to 4294967295, or one in a string,",
            Kind::Uint64 | Kind::Fixed64 => "an integer from 0 to 18446744073709551615, or one in a string,",
            Kind::Int64 { .. } | Kind::Sfixed64 { .. } => "an integer of 64 bits, or one in a string,",
            Kind::Sint32 => "an integer of 32 bits, or one in a string,",
            Kind::Double => "a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
            Kind::String => "a string",
            Kind::Bytes => "a string in base64",
            Kind::Id => "a string of hexadecimal digits",
            Kind::Message(_) => "an object",
        };
        write!(formatter, "expected {what} for {}", self.0.name)
    }
}

impl<'de> Visitor<'de> for Single<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // serde itself writes the word "expected".
        let text = Expected(self.field).to_string();
        formatter.write_str(text.strip_prefix("expected ").unwrap_or(&text))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if let (Some(_), Kind::Message(_)) = (self.element, self.field.kind) {
            self.bytes(&[]);
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Scalar::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Scalar::Integer(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Scalar::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Scalar::Double(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(Scalar::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.no_scalar(Unexpected::Seq)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<(), A::Error> {
        let Kind::Message(message) = self.field.kind else {
            skip_map(map)?;
            return self.no_scalar(Unexpected::Map);
        };
        let start = self.out.len();
        self.key(WireType::LengthDelimited);
        let content = self.out.len() + LENGTH_WIDTH;
        self.out.resize(content, 0);
        Fields {
            message,
            out: self.out,
            lenient: self.lenient.as_deref_mut(),
        }
        .visit_map(map)?;
        let length = self.out.len() - content;
        write_padded_varint(length, &mut self.out[content - LENGTH_WIDTH..content]);
        if let Role::Record { time } = message.role
            && let Some(lenient) = self.lenient
            && std::mem::take(&mut lenient.record_is_unreadable)
        {
            self.out.truncate(start);
            write_unreadable_record(self.field.number, time, self.out);
        }
        Ok(())
    }
}

/// Decodes an id from hexadecimal digits, or a 16- or 8-byte id from base64 (senders that follow protobuf's own JSON
/// mapping).
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
