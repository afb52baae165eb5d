// The Worker in two isolates, which share nothing but Durable Objects. A header chooses the isolate. `/sent` shows what the object of the
// budgets has added up.
import Router, * as router from "./index.js";

export const { Budgets, Tail } = router;

export default class extends Router {
  async fetch(request) {
    if (new URL(request.url).pathname === "/sent") {
      const object = this.env.KEY_BUDGETS.get(this.env.KEY_BUDGETS.idFromName("budgets"));
      return object.fetch("http://object/", { method: "POST", body: JSON.stringify({ day: 0, bytes: {} }) });
    }
    if (request.headers.get("x-isolate") === "second") return this.env.SECOND.fetch(request);
    return super.fetch(request);
  }
}
