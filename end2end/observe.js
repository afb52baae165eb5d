// Collects Chromium's measurements of a page.

/**
 * Collects the paints, shifts and reactions that the browser reports in `window.seen`, with the elements that shifted.
 * Shifts are summed as in Core Web Vitals (https://web.dev/articles/cls).
 */
export const observe = (page) =>
  page.addInitScript(() => {
    window.seen = { lcp: 0, cls: 0, inp: 0, moved: [] };
    const watch = (type, take, options = {}) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options });
    watch("largest-contentful-paint", ({ startTime }) => (window.seen.lcp = startTime));
    const burst = { began: 0, last: 0, shifted: 0 };
    watch("layout-shift", ({ value, hadRecentInput, startTime, sources }) => {
      if (hadRecentInput) return;
      const names = sources.map(({ node }) => (node?.id ? `#${node.id}` : (node?.className ?? node?.nodeName)));
      window.seen.moved.push(`${value.toFixed(4)} at ${startTime.toFixed(0)} ms: ${names}`);
      if (startTime - burst.last > 1_000 || startTime - burst.began > 5_000) Object.assign(burst, { began: startTime, shifted: 0 });
      burst.last = startTime;
      burst.shifted += value;
      window.seen.cls = Math.max(window.seen.cls, burst.shifted);
    });
    watch("event", ({ duration, interactionId }) => interactionId && (window.seen.inp = Math.max(window.seen.inp, duration)), { durationThreshold: 16 });
  });
