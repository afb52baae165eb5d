// The badge shows which engine answers after ClickHouse was killed, and after its return. This file sorts last, because
// the ClickHouse that it starts ends with it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, settled } from "./browser.js";

const pid = Number(process.env.LAKEFRONT_CLICKHOUSE_PID);
let browser;
let started;
before(async () => (browser = await launch()));
after(async () => {
  await browser.close();
  started?.kill("SIGKILL");
});

/** Returns the program, arguments, environment and folder of a process. */
function commandOf(pid) {
  const parts = (file) => readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").slice(0, -1);
  const [program, ...args] = parts("cmdline");
  const env = Object.fromEntries(parts("environ").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  return { program, args, options: { env, cwd: readlinkSync(`/proc/${pid}/cwd`), stdio: "ignore" } };
}

/** Presses Refresh until an engine answers the panel. An answer of another engine is kept for two seconds. */
async function refreshUntil(page, panel, backend) {
  const badge = panelOf(page, panel).locator(".badge");
  const end = Date.now() + 30_000;
  while ((await badge.getAttribute("data-backend")) !== backend) {
    assert.ok(Date.now() < end, `${panel} is not answered by ${backend}`);
    const answer = page.waitForResponse((response) => response.url().endsWith("/api/ask"));
    await page.getByRole("link", { name: "Refresh" }).click();
    await answer;
    await answered(page);
  }
}

test("answers continue while ClickHouse is down, and use it when it is back", { skip: !pid && "LAKEFRONT_CLICKHOUSE_PID is not set" }, async () => {
  const page = await open(browser, "/errors");
  await settled(page);
  const badge = panelOf(page, "errors_per_hour").locator(".badge");
  const health = page.locator(".health li", { hasText: "ClickHouse" });
  assert.equal(await badge.getAttribute("data-backend"), "clickhouse");
  assert.match(await health.innerText(), /healthy/);
  const { program, args, options } = commandOf(pid);

  process.kill(pid, "SIGKILL");
  await refreshUntil(page, "errors_per_hour", "chdb");
  assert.match(await badge.getAttribute("data-reason"), /^(failover|unhealthy-clickhouse)$/);
  assert.match(await badge.innerText(), /chDB/);
  assert.equal(await page.locator(".failure").count(), 0, "an answer is missing");
  const down = page.locator(".health li.down", { hasText: "ClickHouse" });
  await page.getByRole("link", { name: "Refresh" }).click();
  await down.waitFor();
  await page.goto(new URL("/operations", page.url()).href);
  await settled(page);
  await page.locator("#sync", { hasText: "no answer" }).waitFor();
  await page.locator("#lake", { hasText: "otel_logs" }).waitFor();

  started = spawn(program, args, options);
  await page.goto(new URL("/errors?refresh=10s", page.url()).href);
  // A backend that is down gets no query for 10 seconds. It is then checked behind an answer.
  await panelOf(page, "errors_per_hour").locator(".badge[data-backend=clickhouse]").waitFor({ timeout: 60_000 });
  await page.locator(".health li.up", { hasText: "ClickHouse" }).waitFor({ timeout: 30_000 });
  assert.deepEqual(page.complaints, []);
});
