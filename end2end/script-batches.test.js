// The requests of the browser script, as an endpoint receives them: each record once, in text that a server accepts.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { launch } from "./browser.js";
import { hide, listening, loaded, site, visit } from "./site.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/**
 * Starts an endpoint of another origin that collects its requests. `answer` returns the status, or nothing for no answer
 * at all. `headers` are the headers that it allows pages to send.
 */
async function endpoint({ answer = () => 200, headers = "*" } = {}) {
  const received = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", headers === "*" ? (request.headers["access-control-request-headers"] ?? "") : headers);
    response.setHeader("access-control-max-age", "7200");
    response.setHeader("access-control-expose-headers", "date");
    if (request.method !== "POST") return response.writeHead(204).end();
    const body = Buffer.concat(chunks).toString();
    const inAddress = new URL(request.url, "http://localhost").searchParams.get("batch");
    const sent = { body, headers: request.headers, id: request.headers["idempotency-key"] ?? inAddress, inAddress: inAddress !== null };
    received.push(sent);
    const status = await answer(sent, received.length);
    if (status === undefined) return request.socket.destroy();
    sent.accepted = status < 300;
    response.writeHead(status).end(status < 300 ? "{}" : '{"message":"the endpoint does not like this"}');
  });
  await listening(server);
  return { received, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Returns the records of a body. */
const recordsIn = ({ body }) => JSON.parse(body).resourceLogs.flatMap(({ scopeLogs }) => scopeLogs).flatMap(({ logRecords }) => logRecords);

const named = (sent, name) => sent.flatMap(recordsIn).filter(({ eventName }) => eventName === name);

const attributesOf = ({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Waits until the requests of an endpoint meet a condition. */
async function until(holds, what) {
  for (const deadline = Date.now() + 10_000; !holds(); ) {
    assert.ok(Date.now() < deadline, `waited 10 s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Opens a page whose script sends to an endpoint. Returns it with the messages of its console. */
async function visitTo(to, { head = "", attributes = {}, path = "/", ...options } = {}) {
  const shop = await site({ attributes: { "data-endpoint": to.url, ...attributes }, head });
  const said = [];
  const prepare = async (page) => {
    page.on("console", (message) => message.text().startsWith("lakefront") && said.push(message.text()));
    await options.prepare?.(page);
  };
  const page = await visit(browser, shop.origin + path, { ...options, prepare });
  await loaded(page);
  return { shop, page, said };
}

for (const [how, leave] of [
  ["a click leads away", (page) => page.click("#away")],
  ["another address is opened", (page, origin) => page.goto(`${origin}/elsewhere`)],
  ["the page is loaded again", (page) => page.reload()],
]) {
  test(`${how} while a request has no answer: it is not sent again`, async () => {
    let answer;
    const answers = new Promise((resolve) => (answer = resolve));
    const to = await endpoint({ answer: () => answers });
    const { shop, page } = await visitTo(to);
    await page.evaluate(() => lakefront.track("once"));
    await until(() => named(to.received, "once").length > 0, "the event is sent");
    await leave(page, shop.origin);
    await loaded(page);
    // The page that was left sends its last request before the next page has a view.
    await until(() => named(to.received, "browser.navigation").length >= 2, "the next page is a view");
    answer(200);
    await hide(page);
    assert.equal(named(to.received, "once").length, 1);
    assert.equal(new Set(to.received.map(({ id }) => id)).size, to.received.length, "two batches have one id");
    to.close();
    shop.close();
  });
}

test("an attempt without an answer is made again with the same id and the same records", async () => {
  const to = await endpoint({ answer: (_, count) => (count === 1 ? undefined : 200) });
  const { shop, page } = await visitTo(to);
  await page.evaluate(() => lakefront.track("first"));
  await until(() => to.received.length >= 1, "the first attempt is made");
  await page.evaluate(() => lakefront.track("second"));
  await until(() => named(to.received, "second").length > 0, "the second event is sent");
  const [one, again, other] = to.received;
  assert.match(one.id, /^[A-Za-z0-9_-]{16,64}$/);
  assert.deepEqual([again.id, again.body], [one.id, one.body]);
  assert.notEqual(other.id, one.id);
  to.close();
  shop.close();
});

test("an endpoint that allows no extra header gets the id in the address", async () => {
  const to = await endpoint({ headers: "content-type" });
  const { shop, page } = await visitTo(to);
  await page.evaluate(() => lakefront.track("anyway"));
  await until(() => named(to.received, "anyway").length > 0, "the event is sent");
  assert.ok(to.received.every(({ id, inAddress }) => inAddress && /^[A-Za-z0-9_-]{16,64}$/.test(id)));
  to.close();
  shop.close();
});

test("a refused record is dropped alone, with one warning", async () => {
  const to = await endpoint({ answer: ({ body }) => (/poison/.test(body) ? 400 : 200) });
  const { shop, page, said } = await visitTo(to);
  await page.evaluate(() => {
    for (let index = 0; index < 20; index += 1) lakefront.track(`good ${index}`);
    lakefront.track("poison 1");
    lakefront.track("poison 2");
    lakefront.track("last");
  });
  const accepted = () => to.received.filter(({ accepted }) => accepted);
  await until(() => named(accepted(), "last").length > 0, "the last event is taken");
  await until(() => accepted().flatMap(recordsIn).filter(({ eventName }) => /^good/.test(eventName)).length === 20, "the others are taken");
  assert.equal(named(accepted(), "browser.navigation").length, 1, "the view is lost");
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0], /answered 400 .*does not like this.*poison 1/);
  to.close();
  shop.close();
});

test("an endpoint that refuses everything gets no request for a minute", async () => {
  const to = await endpoint({ answer: () => 400 });
  const { shop, page, said } = await visitTo(to, { prepare: (page) => page.clock.install() });
  await page.evaluate(() => {
    for (let index = 0; index < 200; index += 1) lakefront.track(`event ${index}`);
  });
  for (let step = 0; step < 40; step += 1) await page.clock.fastForward(500).then(() => new Promise((resolve) => setTimeout(resolve, 20)));
  const tries = to.received.length;
  assert.ok(tries >= 2 && tries <= 16, `${tries} requests`);
  assert.equal(said.length, 1, said.join("\n"));
  to.close();
  shop.close();
});

test("a cut text is well-formed Unicode", async () => {
  const to = await endpoint();
  const { shop, page } = await visitTo(to);
  await page.evaluate(() => {
    lakefront.track("cut", { value: `${"x".repeat(8_191)}😀` });
    lakefront.track("lone \ud83d half", { "key \ude00": "\ud83d and 😀", list: ["\ud83d!"], path: "C:\\ud83d" });
    setTimeout(() => { throw new Error(`${"y".repeat(8_191)}😀`); });
  });
  await until(() => named(to.received, "exception").length > 0, "all is sent");
  for (const { body } of to.received) assert.doesNotMatch(body, /(?<!\\)(\\\\)*\\ud[89a-f]/i);
  assert.equal(attributesOf(named(to.received, "cut")[0]).value, "x".repeat(8_191));
  assert.equal(attributesOf(named(to.received, "exception")[0])["exception.message"], "y".repeat(8_191));
  const lone = attributesOf(named(to.received, "lone \ufffd half")[0]);
  assert.deepEqual([lone["key \ufffd"], lone.list, lone.path], ["\ufffd and 😀", '["\ufffd!"]', "C:\\ud83d"]);
  to.close();
  shop.close();
});

test("a page that changes arrays and JSON, as Prototype.js does, is measured", async () => {
  const to = await endpoint();
  const head = `<script nonce="head">
    Array.prototype.toJSON = function () { return '["' + this.length + '"]'; };
    Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
    Array.from = (list) => { const all = []; for (let at = 0; at < (list.length || 0); at += 1) all.push(list[at]); return all; };
  </script>`;
  const { shop, page } = await visitTo(to, { head });
  await page.evaluate(() => lakefront.track("old", { list: ["a", "b"], when: new Date(0), deep: { list: [1] } }));
  await until(() => to.received.length > 0, "something is sent");
  const { list, when, deep } = attributesOf(named(to.received, "old")[0]);
  assert.deepEqual([list, when, deep], ['["a","b"]', "1970-01-01T00:00:00.000Z", '{"list":[1]}']);
  assert.equal(named(to.received, "browser.navigation").length, 1);
  assert.equal(await page.evaluate(() => JSON.stringify(["a"])), '"[\\"1\\"]"', "the page's own function is gone");
  assert.deepEqual(page.uncaught, []);
  to.close();
  shop.close();
});

test("fields of a form may have any name", async () => {
  const to = await endpoint();
  const { shop, page } = await visitTo(to);
  await page.evaluate(() => {
    const form = document.querySelector("form");
    form.setAttribute("data-event-plan", "pro");
    for (const name of ["attributes", "dataset", "getAttribute", "getAttributeNames"]) form.append(Object.assign(document.createElement("input"), { name }));
  });
  // Playwright's own click fails on a form with such fields.
  await page.evaluate(() => document.getElementById("join").click());
  await until(() => named(to.received, "newsletter.joined").length > 0, "the submission is sent");
  assert.equal(attributesOf(named(to.received, "newsletter.joined")[0]).plan, "pro");
  to.close();
  shop.close();
});

test("a value that is no user id is ignored, with one warning", async () => {
  const to = await endpoint();
  const { shop, page, said } = await visitTo(to);
  await page.evaluate(() => {
    const ids = [{ id: 1 }, ["u-1"], "undefined", "null", "NaN", NaN, "[object Object]", true, "anonymous", 0, () => 1, Symbol("u"), undefined, null, ""];
    ids.forEach((id, index) => {
      lakefront.identify("u-before");
      lakefront.identify(id);
      lakefront.track(`none ${index}`);
    });
    for (const id of ["u-17", 17, 17n]) {
      lakefront.identify(id);
      lakefront.track(`some ${id}`);
    }
  });
  await until(() => named(to.received, "some 17").length === 2, "all is sent");
  const user = (record) => attributesOf(record)["user.id"];
  const tracked = to.received.flatMap(recordsIn);
  assert.deepEqual(tracked.filter(({ eventName }) => /^none/.test(eventName)).map(user), new Array(15).fill(undefined));
  assert.deepEqual(tracked.filter(({ eventName }) => /^some/.test(eventName)).map(user), ["u-17", "17", "17"]);
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0], /identify takes the id of one user/);
  assert.deepEqual(page.uncaught, []);
  to.close();
  shop.close();
});

test("a route in the fragment is a page, where the tag says so", async () => {
  for (const [attributes, pages] of [
    [{}, ["/shop/"]],
    [{ "data-hash-routes": "" }, ["/shop/", "/shop/cart", "/shop/", "/shop/cart/7"]],
  ]) {
    const to = await endpoint();
    const { shop, page } = await visitTo(to, { attributes, path: "/shop/" });
    for (const hash of ["#/cart", "#/cart?sort=price", "#top", "#!/cart/7"]) await page.evaluate((hash) => (location.hash = hash), hash);
    await page.evaluate(() => lakefront.track("end"));
    await until(() => named(to.received, "end").length > 0, "all is sent");
    const views = named(to.received, "browser.navigation").map(attributesOf);
    assert.deepEqual(views.map((view) => new URL(view["url.full"]).pathname), pages);
    assert.ok(views.every((view) => view["browser.navigation.hash_change"] === false));
    to.close();
    shop.close();
  }
});

test("the clock of a device that is hours off is reported once", async () => {
  const to = await endpoint();
  const { shop, page, said } = await visitTo(to, { prepare: (page) => page.clock.install({ time: Date.now() + 50 * 3_600_000 }) });
  for (const name of ["one", "two"]) {
    await page.evaluate((name) => lakefront.track(name), name);
    await page.clock.fastForward(2_000);
    await until(() => named(to.received, name).length > 0, `${name} is sent`);
  }
  await until(() => said.length > 0, "the console says so");
  assert.deepEqual(said, ["lakefront: this device's clock is 50 h ahead"]);
  const ahead = to.received.map(({ headers }) => Number(headers.sent) - Date.now());
  assert.ok(ahead.length > 1 && ahead.every((millis) => Math.abs(millis - 50 * 3_600_000) < 60_000), `${ahead}`);
  to.close();
  shop.close();
});
