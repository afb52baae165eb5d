// The one global of this script. Before the script has loaded, a page may put calls into an array of the same name:
//
//     (window.lakefront ||= []).push(["track", "signup", { plan: "pro" }]);
//
// The same line works after loading, because the object has a `push` too.

/** For visitors who are not measured. */
export const silent = { track() {}, identify() {}, watch() {} };

/**
 * Puts the functions where the page finds them, and makes the calls that waited. Who the visitor is comes before `watch`,
 * which reports the page view, and what they did after it, so that both say what they should.
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

/** A page must not fail because of what it tells us. */
const safely = (action) => (...values) => {
  try {
    action(...values);
  } catch (error) {
    console.warn("lakefront:", error);
  }
};
