import { createDocumentLogRecordProcessor, createLocationDocumentProvider } from "@opentelemetry/browser-sdk/document";
import { createSessionLogRecordProcessor } from "@opentelemetry/browser-sdk/session";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider } from "@opentelemetry/sdk-logs";

import { address, setHashRoutes } from "./address.js";
import { watchElements } from "./elements.js";
import { Errors } from "./errors.js";
import { Identity } from "./identity.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { PostOffice } from "./post.js";
import { Session } from "./session.js";
import { tracker } from "./track.js";
import { vitals } from "./vitals.js";

const LIMITS = { attributeCountLimit: 64, attributeValueLengthLimit: 8_192 };

/** Configures the SDK. It is not registered globally, so that a page may use an SDK of its own. */
export function telemetry({ url, key, hasHashRoutes, resource }) {
  setHashRoutes(hasHashRoutes);
  const session = new Session();
  const identity = new Identity();
  const outbox = new Outbox(new PostOffice(url, key));
  const provider = new LoggerProvider({
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    logRecordLimits: LIMITS,
    processors: [
      createSessionLogRecordProcessor(session),
      createDocumentLogRecordProcessor(createLocationDocumentProvider({ sanitizeUrl: address })),
      identity,
      outbox,
    ],
  });
  const track = tracker(provider.getLogger("lakefront"));
  return {
    track,
    identify: (id) => identity.set(id),
    /** Starts the automatic reports: page views, errors, vitals and the events of elements. */
    watch() {
      session.followInput();
      const pages = new Pages();
      for (const instrumentation of [new Errors(), pages, vitals(pages)]) {
        instrumentation.setLoggerProvider(provider);
        instrumentation.enable();
      }
      watchElements(track);
      // This comes after the vitals: they report when the page is hidden, and the outbox must send those records too.
      outbox.emptyWhenHidden();
    },
  };
}
