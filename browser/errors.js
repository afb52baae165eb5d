import { ErrorsInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/errors";

/** What browsers report without anything being wrong: a layout observer had more to say than fits into a frame. */
const HARMLESS = /^ResizeObserver loop/;

/** The query and fragment of an address in a stack, before line and column. Inline scripts carry the page's. */
const QUERIES = /(https?:\/\/[^\s?#()]+)[?#][^\s()]*?(?=:\d+:\d+)/g;

/** Uncaught errors and unhandled rejections. */
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
