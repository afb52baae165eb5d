// Starts the app, and replaces it before it runs, if it does not load, and after it has panicked. Links and forms work
// without it, so this script has little to do. Every page has this script inline.
(() => {
  const PLAIN = /^\/plain(?=\/|$)/;
  const CHANGED = "lakefront-changed-page";
  const { app } = document.currentScript.dataset;
  const root = document.documentElement;
  let isDead = false;

  const say = (...parts) => document.querySelector(".whole-pages").append(...parts);

  /** Opens the same page without the app. After a panic the page may not show the state of its address. */
  function handOver() {
    if (isDead) return;
    isDead = true;
    delete root.dataset.interactive;
    try {
      sessionStorage.setItem(CHANGED, "yes");
    } catch {}
    const { pathname, search, hash } = location;
    location.replace(`/plain${pathname === "/" ? "" : pathname}${search}${hash}`);
  }

  /** Loads a module that only some pages need. */
  const load = (name) => import(app.replace(/[^/]*$/, name)).catch(console.error);

  /** Loads the editor of the SQL page. Without it the page's form opens a plain page. */
  const startEditor = () => load("sql.js");

  /** Loads the module of live rows once a page has their place. */
  function watchForLive() {
    const places = document.getElementsByTagName("lakefront-live");
    const watch = new MutationObserver(() => {
      if (places.length === 0) return;
      watch.disconnect();
      load("live.js");
    });
    watch.observe(document, { childList: true, subtree: true });
  }

  /** Loads the completion of searches once somebody is about to type one. */
  function watchForSearch() {
    const begin = ({ target }) => {
      if (!target.matches?.("[data-search] input")) return;
      document.removeEventListener("focusin", begin);
      load("search.js");
    };
    document.addEventListener("focusin", begin);
  }

  async function start() {
    if (document.querySelector("lakefront-sql")) startEditor();
    let hydrate;
    try {
      const module = await import(`${app}.js`);
      await module.default({ module_or_path: `${app}_bg.wasm` });
      ({ hydrate } = module);
    } catch (error) {
      console.error(error);
      // The app has not run, so the page is unchanged since the server sent it.
      root.classList.add("plain");
      say("The interactive part of this page did not load. Links and forms load whole pages.");
      return;
    }
    try {
      hydrate();
    } catch (error) {
      console.error(error);
      handOver();
    }
  }

  /** Explains on a plain page why the app does not run, with a link back to the app. */
  function explain() {
    let isChanged = false;
    try {
      isChanged = sessionStorage.getItem(CHANGED) !== null;
    } catch {}
    if (!isChanged) return;
    const back = document.createElement("a");
    back.href = (location.pathname.replace(PLAIN, "") || "/") + location.search;
    back.textContent = "Try again";
    back.addEventListener("click", () => sessionStorage.removeItem(CHANGED));
    say("The page was changed by an extension or a translation. It now loads whole pages. ", back);
  }

  const isAlive = () => "interactive" in root.dataset;

  // Events do not reach an app that has panicked, so that the browser follows links and submits forms.
  for (const type of ["click", "submit", "change", "popstate"]) {
    addEventListener(type, (event) => isDead && event.stopImmediatePropagation(), true);
  }
  document.addEventListener("change", ({ target }) => {
    if (isAlive()) return;
    if (target.name === "theme") document.cookie = `theme=${target.value}; Path=/; Max-Age=31536000; SameSite=Lax`;
    else if (target.form?.matches("[data-instant]")) target.form.requestSubmit();
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (!button || isAlive()) return;
    navigator.clipboard.writeText(button.closest("figure").querySelector("code").textContent);
    button.textContent = "Copied";
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-copies]");
    if (!button) return;
    navigator.clipboard.writeText(button.closest("div").querySelector("dd").firstChild.data);
    button.textContent = "✓";
    button.setAttribute("aria-label", "Copied");
  });

  /** A drag over the bars of Logs and Traces zooms to all of them, as a click zooms to one. */
  let from;
  const barAt = (event) => event.target.closest?.(".steps a");
  const mark = (to) => {
    const bars = [...(from?.parentElement.querySelectorAll("a") ?? [])];
    const [first, last] = [bars.indexOf(from), bars.indexOf(to)].sort((a, b) => a - b);
    bars.forEach((bar, at) => bar.classList.toggle("dragged", to !== undefined && at >= first && at <= last));
    return [bars[first], bars[last]];
  };
  document.addEventListener("pointerdown", (event) => {
    from = event.button === 0 && event.pointerType !== "touch" ? barAt(event) : undefined;
  });
  document.addEventListener("pointermove", (event) => {
    const to = from && barAt(event);
    if (to) mark(to);
  });
  document.addEventListener("pointerup", (event) => {
    const to = from && barAt(event);
    if (to && to !== from) {
      const [first, last] = mark(to);
      const link = last.cloneNode();
      const address = new URL(last.href);
      address.searchParams.set("from", new URL(first.href).searchParams.get("from"));
      link.href = address.pathname + address.search;
      from.parentElement.append(link);
      link.click();
      link.remove();
    }
    if (from) mark();
    from = undefined;
  });
  document.addEventListener("dragstart", (event) => barAt(event) && event.preventDefault());

  /** Closes the open form of the range or of the past, if `isLeft` says that the viewer is done with it. */
  function closeRange(isLeft) {
    const form = document.querySelector(".custom[open]");
    if (!form || !isLeft(form)) return;
    if (form.contains(document.activeElement)) form.querySelector("summary").focus();
    form.open = false;
  }
  document.addEventListener("click", ({ target }) => closeRange((form) => !form.contains(target) || target.closest(".popover a")));
  document.addEventListener("submit", () => closeRange(() => true));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && closeRange(() => true));
  if (app) {
    addEventListener("lakefront-panic", handOver);
    addEventListener("lakefront-sql", startEditor);
    watchForLive();
    watchForSearch();
    addEventListener("error", ({ error }) => error instanceof WebAssembly.RuntimeError && handOver());
  }
  addEventListener("DOMContentLoaded", app ? start : explain);
})();
