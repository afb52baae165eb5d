// The one global of this script. Before the script has loaded, a page may put calls into an array of the same name:
//
//     (window.lakefront ||= []).push(["track", "signup", { plan: "pro" }]);
//
// The same line works after loading, because the object has a `push` too.

/** Functions that do nothing, for visitors who are not measured. */
export const silent = { track() {}, identify() {}, watch() {} };

/**
 * Sets the global, and makes the calls that the page queued. Calls of `identify` come before `watch`, which reports the
 * page view: the view then has the user. The other calls come after it, so that events follow their page view.
 */
export function open({ track, identify, watch }, queue) {
  const functions = { track: safely(track), identify: safely(identify) };
  const push = (...calls) => {
    for (const call of calls) safely(([name, ...values]) => functions[name](...values))(call);
  };
  window.lakefront = Object.freeze({ ...functions, push });
  const waiting = Array.isArray(queue) ? queue : [];
  const isIdentity = (call) => call?.[0] === "identify";
  push(...waiting.filter(isIdentity));
  watch();
  push(...waiting.filter((call) => !isIdentity(call)));
}

/** Wraps a function so that an error is a warning. A page must not fail because of its telemetry. */
const safely = (action) => (...values) => {
  try {
    action(...values);
  } catch (error) {
    console.warn("lakefront:", error);
  }
};
