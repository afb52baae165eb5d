// The Worker with a stand-in for the platform's containers: `ctx.container` of the Durable Object is an object that starts real
// programs through a server of the test. As on Cloudflare, `running` stays true until the end is awaited by `monitor`.
import * as router from "./index.js";

export default router.default;
export const { Budgets, Tail } = router;

class Container {
  running = false;

  constructor(server) {
    this.server = server;
  }

  async call(path, body) {
    const answer = await fetch(`${this.server}/${path}`, { method: "POST", body });
    return answer.text();
  }

  start(options) {
    if (this.running) throw new Error("start() cannot be called on a container that is already running.");
    this.running = true;
    this.address = this.call("start", JSON.stringify(options));
  }

  async monitor() {
    await this.address;
    const code = await this.call("exit");
    this.running = false;
    if (code !== "0") throw new Error(`the container exited with code ${code}`);
  }

  signal(number) {
    this.call(`signal/${number}`);
  }

  async destroy() {
    await this.call("signal/9");
  }

  getTcpPort(port) {
    if (port !== 8686) throw new Error(`nothing listens on ${port}`);
    return {
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const url = new URL(request.url);
        url.host = await this.address;
        return fetch(new Request(url, request));
      },
    };
  }
}

export class ChdbContainer {
  constructor(ctx, env) {
    const container = new Container(`${env.STAND_IN}/${ctx.id}`);
    const state = new Proxy(ctx, {
      get(target, name) {
        if (name === "container") return container;
        const value = target[name];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    this.object = new router.ChdbContainer(state, env);
  }

  fetch(request) {
    return this.object.fetch(request);
  }

  alarm() {
    return this.object.alarm();
  }
}
