import { SeverityNumber } from "@opentelemetry/api-logs";

import { json } from "./json.js";

/** Returns a function that records an event by name. */
export const tracker = (logger) => (name, attributes) => {
  if (typeof name !== "string" || name === "") throw new TypeError("track: the first argument is the event's name");
  logger.emit({ eventName: name, severityNumber: SeverityNumber.INFO, attributes: plain(attributes ?? {}) });
};

/** Returns attributes as texts, numbers and booleans. Other values become JSON. An attribute without a value goes. */
function plain(attributes) {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // OTLP takes whole numbers of 64 bits, and JSON has no infinite numbers.
      return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : String(value);
    case "bigint":
      return String(value);
    default:
      return value instanceof Date ? value.toJSON() : json(value);
  }
}
