import { ErrorsInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/errors";

/** An error event that reports no fault: a layout observer had more notifications than fit into a frame. */
const HARMLESS = /^ResizeObserver loop/;

/** The query and fragment of an address in a stack, before line and column. Inline scripts have the page's address. */
const QUERIES = /(https?:\/\/[^\s?#()]+)[?#][^\s()]*?(?=:\d+:\d+)/g;

/** Reports uncaught errors and unhandled rejections. */
export class Errors extends ErrorsInstrumentation {
  constructor() {
    super({
      enabled: false,
      applyCustomAttributes: ({ stack }) =>
        typeof stack === "string" ? { "exception.stacktrace": stack.replace(QUERIES, "$1") } : {},
    });
  }

  _onError(event) {
    if (!HARMLESS.test(event.message)) super._onError(event);
  }
}
