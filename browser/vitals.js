import { WebVitalsInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/web-vitals";

/** The vitals of loading a page. They may be reported after the visitor has gone to another page. */
const OF_LOADING = ["ttfb", "fcp", "lcp"];

/** Returns the instrumentation of web vitals. Each vital has the path of the page that it measures. */
export const vitals = (pages) =>
  new WebVitalsInstrumentation({
    enabled: false,
    applyCustomLogRecordData({ attributes }) {
      if (OF_LOADING.includes(attributes["browser.web_vital.name"])) attributes["url.path"] = new URL(pages.loaded).pathname;
    },
  });
