// Both themes, on a phone and on a desktop: nothing is wider than the window, and no labels touch. Takes the
// screenshots.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { axeFindings, launch, open, overflow, pages, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const SIZES = [{ width: 390, height: 844 }, { width: 1440, height: 900 }];
const folder = process.env.LAKEFRONT_SCREENSHOTS;
/** The folder for the pictures of the README and the guides: `cargo xtask test --only browser --screenshots`. */
const pictures = process.env.LAKEFRONT_PICTURES;
for (const wanted of [folder, pictures].filter(Boolean)) mkdirSync(wanted, { recursive: true });

/** Returns the name of the picture of a page in a size and a theme, if there is one. */
const pictureOf = (name, { width }, colorScheme) => {
  if (width === 1440 && colorScheme === "light") return name;
  if (width === 1440 && name === "overview") return "overview-dark";
  if (width === 390 && colorScheme === "light" && name === "overview") return "overview-phone";
  return undefined;
};

/** Returns the pairs of labels in one drawing that touch, and the labels that are too small to read. */
const unreadable = (page) =>
  page.evaluate(() => {
    const found = [];
    for (const svg of document.querySelectorAll(".chart svg")) {
      const texts = [...svg.querySelectorAll("text")].map((text) => ({ box: text.getBoundingClientRect(), text: text.textContent }));
      for (const [index, { box, text }] of texts.entries()) {
        if (box.width === 0) continue;
        if (box.height < 9) found.push(`${text}: ${box.height} px high`);
        if (box.left < -1 || box.right > window.innerWidth + 1) found.push(`${text} is cut`);
        for (const other of texts.slice(index + 1)) {
          const apart = box.right <= other.box.left || other.box.right <= box.left || box.bottom - 3 <= other.box.top || other.box.bottom - 3 <= box.top;
          if (!apart) found.push(`${text} touches ${other.text}`);
        }
      }
    }
    return found;
  });

/** Returns the address of a page about one value, for a value with rows. */
const one = async (page, column) => {
  const found = await value(
    `SELECT ${column} FROM otel_traces WHERE ErrorType != '' AND ${column} != '' AND Timestamp > now() - INTERVAL 6 DAY ORDER BY Timestamp DESC LIMIT 1`,
  );
  return { name: page, path: `/${page}?${{ error: "error_group", user: "user_id", trace: "trace_id" }[page]}=${encodeURIComponent(found)}` };
};
const about = await Promise.all([one("error", "ErrorGroup"), one("user", "UserId"), one("trace", "TraceId")]);
about.push({ name: "metric", path: "/metrics?metric=http.server.request.duration&group=http.route&range=7d" });

for (const { name, path } of [...(await pages()), ...about]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of SIZES) {
      test(`${name} fits its window, is legible and has no findings of axe, ${colorScheme}, ${viewport.width} px`, async () => {
        const page = await open(browser, path, { colorScheme, viewport, deviceScaleFactor: 1 });
        await settled(page);
        assert.ok((await overflow(page)) <= 0, "the page scrolls sideways");
        assert.deepEqual(await unreadable(page), []);
        assert.deepEqual(await axeFindings(page), []);
        if (folder) await page.screenshot({ path: `${folder}/${name}-${viewport.width}-${colorScheme}.png`, fullPage: true });
        const picture = pictures && pictureOf(name, viewport, colorScheme);
        if (picture) await page.screenshot({ path: `${pictures}/${picture}.png` });
        assert.deepEqual(page.complaints, []);
        await page.context().close();
      });
    }
  }
}

test("the viewer's theme is kept on the next visit", async () => {
  const page = await open(browser, "/", { colorScheme: "light" });
  await settled(page);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByLabel("dark").check({ force: true });
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await background(), dark);
});

test("the keyboard reaches the panels, and the focus is visible", async () => {
  const page = await open(browser);
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "panels");
});
