// No page shifts while it loads, and no long text makes a page wider than its window.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, overflow, pages, panelOf, settled } from "./browser.js";
import { observe } from "./observe.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }];

for (const { name, path } of await pages()) {
  for (const viewport of SIZES) {
    test(`${name} does not shift while it loads, ${viewport.width} px`, async () => {
      const page = await open(browser, path, { viewport, prepare: observe });
      await settled(page);
      const { cls, moved } = await page.evaluate(() => ({ cls: window.seen.cls, moved: window.seen.moved }));
      assert.ok(cls <= 0.02, `${cls.toFixed(3)}, moved: ${moved.join("; ")}`);
      await page.context().close();
    });
  }
}

for (const viewport of SIZES) {
  test(`an open statement does not widen a page, ${viewport.width} px`, async () => {
    for (const { path } of await pages()) {
      const page = await open(browser, path, { viewport });
      await settled(page);
      for (const summary of await page.locator(".how summary").all()) await summary.click();
      assert.ok((await overflow(page)) <= 0, path);
      const outside = await page.getByRole("button", { name: "Copy", exact: true }).evaluateAll((buttons) =>
        buttons.filter((button) => button.getBoundingClientRect().right > button.closest(".panel").getBoundingClientRect().right).length,
      );
      assert.equal(outside, 0, `a button is outside of its panel on ${path}`);
      await page.context().close();
    }
  });

  test(`a long path does not hide the web vitals, ${viewport.width} px`, async () => {
    const page = await open(browser, "/vitals", { viewport });
    await settled(page);
    const path = `/very/${"long-".repeat(40)}path`;
    const panel = panelOf(page, "web_vitals");
    // The row is written into the page, because other tests count the rows of the lake.
    await panel.locator(".vitals tbody tr").first().evaluate((row, path) => {
      const name = row.querySelector("th").querySelector("a") ?? row.querySelector("th");
      name.textContent = path;
    }, path);
    const seen = await panel.locator(".vitals").evaluate((table) => {
      table.scrollIntoView({ block: "center" });
      table.scrollLeft = 0;
      const box = table.getBoundingClientRect();
      const row = table.querySelector("tbody tr");
      const [name, ...cells] = row.cells;
      const y = row.getBoundingClientRect().top + row.getBoundingClientRect().height / 2;
      const hit = document.elementFromPoint(Math.min(box.right, innerWidth) - 8, y);
      return { share: name.getBoundingClientRect().width / box.width, hit: hit?.closest("td, th")?.tagName, cells: cells.length };
    });
    assert.ok(seen.share <= 0.5, `the name takes ${seen.share.toFixed(2)} of the table`);
    assert.equal(seen.hit, "TD", "no number is in sight");
    assert.ok((await overflow(page)) <= 0);
    assert.match((await panel.locator(".vitals th[scope=row]").first().getAttribute("title")) ?? "", /^\//);
  });
}
