// Encodes OTLP as JSON, record by record (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). The SDK's
// own serializer uses `Array.from` and `JSON.stringify`, which pages replace.
import { json } from "./json.js";

const encoder = new TextEncoder();

/** Returns a log record of the SDK as JSON, with the size of the text in bytes. */
export function encoded(record) {
  const { resource, instrumentationScope, body, severityNumber, severityText, eventName, droppedAttributesCount } = record;
  const text = json({
    timeUnixNano: nanos(record.hrTime),
    observedTimeUnixNano: nanos(record.hrTimeObserved),
    severityNumber,
    severityText,
    eventName,
    body: body === undefined ? body : anyValue(body),
    attributes: keyValues(record.attributes),
    droppedAttributesCount,
  });
  const { name, version } = instrumentationScope;
  return { resource, scope: json({ name, version }), text, bytes: encoder.encode(text).length };
}

/** Returns the body of a request with encoded records. All records have the same resource. */
export function request(records) {
  const scopes = new Map();
  for (const { scope, text } of records) scopes.set(scope, scopes.has(scope) ? `${scopes.get(scope)},${text}` : text);
  let scopeLogs = "";
  for (const [scope, texts] of scopes) scopeLogs += `${scopeLogs && ","}{"scope":${scope},"logRecords":[${texts}]}`;
  const resource = json({ attributes: keyValues(records[0].resource.attributes) });
  return encoder.encode(`{"resourceLogs":[{"resource":${resource},"scopeLogs":[${scopeLogs}]}]}`);
}

const nanos = ([seconds, nanos]) => `${seconds}${String(nanos).padStart(9, "0")}`;

const keyValues = (attributes) => Object.keys(attributes).map((key) => ({ key, value: anyValue(attributes[key]) }));

function anyValue(value) {
  if (value === null || value === undefined) return {};
  if (Array.isArray(value)) return { arrayValue: { values: value.map((item) => anyValue(item)) } };
  switch (typeof value) {
    case "boolean":
      return { boolValue: value };
    case "number":
      return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value };
    case "object":
      return { kvlistValue: { values: keyValues(value) } };
    default:
      return { stringValue: String(value) };
  }
}
