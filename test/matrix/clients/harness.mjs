/**
 * The frame of every client program. The first argument is a task as JSON: the target and the plan
 * of the server. Each feature that client and server both have is tried, and printed as one line of
 * JSON with its outcome.
 */

/** Maximum time for one feature, in milliseconds. Some clients start programs for it. */
const featureMs = 60_000;
/** The same for an announcement, whose client runs already. */
const announcementMs = 20_000;

/**
 * Connects and tries the features in the order of the plan.
 *
 * @param {{
 *   connect: (target: object, session: Session) => Promise<unknown>,
 *   close: (client: unknown) => unknown,
 *   features: { [name: string]: (client: unknown, plan: object, session: Session) => Promise<void> },
 * }} options
 */
export async function tryFeatures({ connect, close, features }) {
  const { target, plan } = JSON.parse(process.argv[2]);
  const session = new Session();
  let client;
  try {
    client = await within(connect(target, session));
  } catch (error) {
    print({ feature: "connect", outcome: reasonOf(error) });
    process.exit(1);
  }
  for (const [feature, part] of Object.entries(plan)) {
    const run = features[feature];
    if (run === undefined) continue;
    const ms = feature === "subscribe" ? announcementMs : featureMs;
    const outcome = await within(run(client, part, session), ms).then(() => "yes", reasonOf);
    print({ feature, outcome });
  }
  await within(Promise.resolve(close(client))).catch(() => {});
  process.exit(0);
}

/** The notifications of the server so far. */
export class Session {
  #values = [];
  #waiting = new Set();

  /** Keeps a notification, or its URI. */
  hear = (value) => {
    this.#values.push(value);
    for (const check of [...this.#waiting]) check();
  };

  /** Resolves with the first notification that fits, also one from before. */
  heard(fits) {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.#values.find(fits);
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** The answers of the user, the model and the file system. */
export const answers = {
  elicitation: { action: "accept", content: { name: "Zoë" } },
  sampling: { role: "assistant", model: "test", content: { type: "text", text: "old pond" } },
  roots: [{ uri: "file:///home/zoe", name: "home" }],
};

export const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };

/** Throws unless the result of a call contains a text. */
export function expectText(result, text) {
  if (result?.isError) throw new Error(`isError: ${textsOf(result)}`);
  if (!textsOf(result).includes(text)) {
    throw new Error(
      `expected ${JSON.stringify(text)}, got ${JSON.stringify(result).slice(0, 200)}`,
    );
  }
}

export function textsOf(result) {
  const content = Array.isArray(result) ? result : (result?.content ?? result);
  return typeof content === "string" ? content : JSON.stringify(content);
}

/** Throws unless a value holds. */
export function expectTrue(holds, message) {
  if (!holds) throw new Error(message);
}

/** Calls a tool again until its text is a positive number. */
export async function untilCounted(call) {
  for (;;) {
    const [digits] = /\d+/.exec(textsOf(await call())) ?? ["0"];
    if (Number(digits) > 0) return;
  }
}

/**
 * The features by three functions that most clients have.
 *
 * @param {{
 *   list: (client: unknown) => Promise<{ name: string }[]>,
 *   call: (client: unknown, name: string, args: object, options?: object) => Promise<unknown>,
 *   read: (client: unknown, uri: string) => Promise<unknown>,
 * }} client
 */
export function commonFeatures({ list, call, read }) {
  const calls = async (client, { tool, args = {}, text }) =>
    expectText(await call(client, tool, args), text);
  return {
    tools: async (client, part) => {
      const names = (await list(client)).map(({ name }) => name);
      expectTrue(names.includes(part.tool), `not listed: ${part.tool}; got ${names}`);
      await calls(client, part);
    },
    resources: async (client, { uri, text }) => {
      const found = JSON.stringify(await read(client, uri));
      expectTrue(found.includes(text), `expected ${text}, got ${found.slice(0, 200)}`);
    },
    calls,
  };
}

function print(line) {
  console.log(JSON.stringify(line));
}

function reasonOf(error) {
  const { message = String(error), cause } = error ?? {};
  const inner = cause instanceof Error ? ` (${cause.message})` : "";
  return `${message}${inner}`.split("\n")[0].slice(0, 300);
}

async function within(promise, ms = featureMs) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no outcome after ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
