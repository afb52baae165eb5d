// The Worker with an address at which its scheduled handler runs, as Cloudflare runs it by `triggers.crons`.
import Router, * as router from "./index.js";

export const { Budgets, Tail, Watch } = router;

export default class extends Router {
  async fetch(request) {
    if (new URL(request.url).pathname !== "/scheduled") return super.fetch(request);
    await this.scheduled({ cron: "*/2 * * * *", scheduledTime: Date.now(), type: "scheduled" });
    return new Response("done");
  }
}
