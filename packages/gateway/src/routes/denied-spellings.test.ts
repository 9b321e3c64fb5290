/** Requests for denied entries, in generated spellings, in front of upstreams that serve every name. */
import { posix } from "node:path";
import fc from "fast-check";
import {
  isObject,
  type JSONObject,
  type JSONRPCRequest,
  type Serve,
  withSubscriptionId,
} from "lutra/protocol";
import { describe, expect, it } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { planOf } from "../fixtures/plan-of.ts";
import { prefixedName } from "../subjects/prefixed-name.ts";
import { carryUri } from "../subjects/uri-forms.ts";

const long = `${"a".repeat(118)}_delete`;
const ttlMs = 60_000;

const skill = (name: string) => ({
  uri: `skill://${name}/SKILL.md`,
  frontmatter: { name, description: name },
  resources: [
    { uri: `skill://${name}/SKILL.md`, digest: `sha256:${"0".repeat(64)}`, size: 1 },
    { uri: `skill://${name}/files/a.md`, digest: `sha256:${"0".repeat(64)}`, size: 1 },
  ],
});

/** The results of the methods that say what an upstream has. It serves all other names, too. */
const described: { readonly [method: string]: JSONObject } = {
  "server/discover": {
    supportedVersions: ["2026-07-28"],
    capabilities: {
      tools: {},
      prompts: {},
      completions: {},
      resources: { subscribe: true },
      extensions: { "io.modelcontextprotocol/skills": { directoryRead: true } },
    },
  },
  "tools/list": {
    tools: ["drop_table", long, "report"].map((name) => ({
      name,
      inputSchema: { type: "object" },
    })),
  },
  "prompts/list": { prompts: [{ name: "secret" }, { name: "open" }] },
  "resources/list": {
    resources: [
      { uri: "file:///etc/passwd", name: "passwd" },
      { uri: "file:///home/a", name: "a" },
    ],
  },
  "resources/templates/list": {
    resourceTemplates: [
      { uriTemplate: "file:///{+path}", name: "files" },
      { uriTemplate: "file:///etc/{name}", name: "settings" },
    ],
  },
  "skills/list": { skills: [skill("hidden"), skill("shown")] as never },
};

const results: { readonly [method: string]: JSONObject } = {
  "tools/call": { content: [] },
  "prompts/get": { messages: [] },
  "resources/read": { contents: [] },
  "resources/directory/read": { resources: [] },
  "completion/complete": { completion: { values: [] } },
  "skills/get": { skill: skill("shown") as never },
};

/** An upstream that records the requests for entries, and serves any name. */
function recorder() {
  const used: JSONRPCRequest[] = [];
  const serve: Serve = async (request, context) => {
    const { method, params } = request;
    const known = described[method];
    if (known !== undefined) {
      return { resultType: "complete", ...known, ttlMs, cacheScope: "public" };
    }
    used.push(request);
    if (method !== "subscriptions/listen") {
      return { resultType: "complete", ...(results[method] ?? {}) };
    }
    await context.notify({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: withSubscriptionId({ notifications: params?.notifications }, request.id),
    });
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener("abort", () => reject(context.signal.reason as Error));
    });
  };
  return { serve, used };
}

/** Returns true for a tool or a prompt that is denied. */
const isDeniedName = (name: unknown) => name === "secret" || /^drop_|_delete$/.test(String(name));

/** Returns true for a URI that a server could take for a denied one: a file below /etc, a hidden skill. */
function isDeniedUri(uri: unknown): boolean {
  const text = decoded(String(uri)).replaceAll("\\", "/").trim();
  const [, scheme = "", rest = ""] = /^([^:/?#]*):([^?#]*)/s.exec(text) ?? [];
  const [, host = "", path = rest] = /^\/\/([^/]*)(.*)$/s.exec(rest) ?? [];
  if (/^file$/i.test(scheme)) return posix.normalize(path || "/").startsWith("/etc/");
  return /^skill$/i.test(scheme) && /^hidden$/i.test(host) && posix.normalize(path) !== "/";
}

function decoded(text: string): string {
  return text.replace(/%[0-7][0-9a-f]/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
}

function isDenied({ method, params = {} }: JSONRPCRequest): boolean {
  const { ref, uri, name, notifications } = params;
  if (method === "subscriptions/listen") {
    const uris = isObject(notifications) ? notifications.resourceSubscriptions : [];
    return Array.isArray(uris) && uris.some(isDeniedUri);
  }
  if (isObject(ref))
    return ref.type === "ref/prompt" ? isDeniedName(ref.name) : isDeniedUri(ref.uri);
  return uri === undefined ? isDeniedName(name) : isDeniedUri(uri);
}

/** The parameters of each method that names an entry. */
const methods: { readonly [method: string]: (entry: string) => JSONObject } = {
  "tools/call": (name) => ({ name }),
  "prompts/get": (name) => ({ name }),
  "resources/read": (uri) => ({ uri }),
  "resources/directory/read": (uri) => ({ uri }),
  "skills/get": (uri) => ({ uri }),
  "completion/complete": (entry) => ({
    ref: entry.includes(":")
      ? { type: "ref/resource", uri: entry }
      : { type: "ref/prompt", name: entry },
    argument: { name: "name", value: "" },
  }),
  "subscriptions/listen": (uri) => ({ notifications: { resourceSubscriptions: [uri] } }),
};

type Routes = NonNullable<ConfigInput["routes"]>;

const names = ["drop_*", "*_delete", "secret"];
const uris = ["file:///etc/*", "skill://hidden/*"];
const denials: readonly ((upstream: string) => Routes)[] = [
  () => [{ match: { name: [...names, ...uris] }, deny: "no" }],
  () => [
    { match: { tool: names }, deny: "no" },
    { match: { prompt: names }, deny: "no" },
    { match: { resource: uris }, deny: "no" },
  ],
  (upstream) => [{ match: { upstream, name: [...names, ...uris] }, deny: "no" }],
];
const servings: readonly ((upstream: string) => Routes[number])[] = [
  () => ({ merge: "all" }),
  () => ({ merge: "all", prefix: "always" }),
  (upstream) => ({ to: upstream }),
];

/** Spellings of the entries of an upstream: what a client sees, and what a careless server may accept. */
function spellings(upstream: string): fc.Arbitrary<string> {
  const name = fc.constantFrom("drop_table", long, "secret", "report", "open");
  const uri = fc.constantFrom(
    "file:///etc/passwd",
    "file:///etc/{name}",
    "skill://hidden/SKILL.md",
    "skill://hidden/files/a.md",
    "skill://hidden/files",
    "file:///home/a",
    "file:///{+path}",
    "skill://shown/SKILL.md",
  );
  const carriers = ["", "", upstream, "places"];
  const form = fc.constantFrom(...carriers).chain((owner) =>
    fc.oneof(
      name.map((own) => (owner === "" ? own : prefixedName(owner, own))),
      uri.map((own) => (owner === "" ? own : carryUri(owner, own))),
    ),
  );
  return fc
    .tuple(form, fc.array(changes, { maxLength: 3 }))
    .map(([text, all]) => all.reduce((changed, change) => change(changed), text));
}

type Change = (text: string) => string;

/** Changes after which a server could still take a text for the same name or URI. */
const changes: fc.Arbitrary<Change> = fc.oneof(
  // A character in another case, or percent-encoded.
  at((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())),
  at((char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`),
  at((char) => (char === "/" ? "//" : char)),
  at((char) => (char === "/" ? "/./" : char)),
  at((char) => (char === "/" ? "/x/../" : char)),
  at((char) => (char === "/" ? "/%2e%2E/" : char)),
  at((char) => (char === "/" ? "\\" : char)),
  at((char) => (char === "/" ? "%2F" : char)),
  {
    weight: 8,
    arbitrary: fc.constantFrom<Change>(
      (text) => ` ${text}`,
      (text) => `${text}\u0000`,
      (text) => `${text} `,
      (text) => `${text}/`,
      (text) => `${text}?a=b`,
      (text) => `${text}#x`,
      (text) => `notes.${text}`,
      (text) => `notes+${text}`,
      (text) => text.replace("file://", "file://localhost"),
      (text) => text.replace("file://", "file:"),
      (text) => text.replace("://", "://user@"),
    ),
  },
);

/** Changes one character. */
function at(change: (char: string) => string): fc.Arbitrary<Change> {
  return fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((part) => (text) => {
    const index = Math.floor(part * text.length);
    return text.slice(0, index) + change(text.charAt(index)) + text.slice(index + 1);
  });
}

describe.each(["notes", "Notes_1"])("any spelling of what is denied of %s", (upstream) => {
  const own = recorder();
  const plans = denials.flatMap((deny) =>
    servings.map((serve) =>
      planOf(
        { [upstream]: own, places: recorder() },
        { routes: [...deny(upstream), serve(upstream)], cache: false },
      ),
    ),
  );

  it("does not reach its upstream, with any method, and others do", async () => {
    const reached = new Set<string>();
    const spelled = fc.tuple(
      fc.constantFrom(...plans),
      fc.constantFrom(...Object.keys(methods)),
      spellings(upstream),
    );
    await fc.assert(
      fc.asyncProperty(spelled, async ([plan, method, entry]) => {
        own.used.length = 0;
        const ended = new AbortController();
        const acknowledged = new Promise<void>((resolve) => {
          const params = methods[method]?.(entry) ?? {};
          const asked = plan.ask({ method, params, signal: ended.signal, notify: () => resolve() });
          asked.then(
            () => resolve(),
            () => resolve(),
          );
        });
        await acknowledged;
        ended.abort();
        expect(own.used.filter(isDenied)).toEqual([]);
        for (const used of own.used) reached.add(used.method);
      }),
      { numRuns: 600 },
    );
    expect([...reached].sort()).toEqual(Object.keys(methods).sort());
  });
});
