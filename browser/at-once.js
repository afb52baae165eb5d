/**
 * In the place of `requestIdleCallback`: web-vitals puts off what it makes of an interaction until the page is idle, and a page that is
 * left before that never reports it. What it does there takes microseconds.
 */
export const atOnce = (act) => act();
