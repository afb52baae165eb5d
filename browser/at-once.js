/**
 * Calls a function at once. The bundle uses it in place of `requestIdleCallback`, which web-vitals calls for each
 * interaction: a page that is left before it is idle would never report the interaction. The call takes microseconds.
 */
export const atOnce = (act) => act();
