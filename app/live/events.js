// Reads the server-sent events of a tail. `EventSource` would not tell what a refusal says, and opens a tail again without
// asking.

/** A refusal, as a sentence for people. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * Opens a tail and calls `got` with the name and the data of each event, until the tail ends. Throws a `Refusal`, or the
 * error of the connection.
 */
export async function listen(source, signal, got) {
  const answer = await fetch(source, { signal, cache: "no-store" });
  if (!answer.ok) {
    const { detail } = await answer.json().catch(() => ({}));
    throw new Refusal(detail ?? `The server answered with status ${answer.status}.`, answer.status);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      // Anything else is a comment.
      if (name) got(name, JSON.parse(data));
    }
  }
}
