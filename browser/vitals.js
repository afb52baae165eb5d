import { WebVitalsInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/web-vitals";

/** Vitals of loading a page, which are known long after the visitor may have gone on to another. */
const OF_LOADING = ["ttfb", "fcp", "lcp"];

/** Web vitals, each with the page it is about. */
export const vitals = (pages) =>
  new WebVitalsInstrumentation({
    enabled: false,
    applyCustomLogRecordData({ attributes }) {
      if (OF_LOADING.includes(attributes["browser.web_vital.name"])) attributes["url.path"] = new URL(pages.loaded).pathname;
    },
  });
