/** Requests that are made by a seed: valid ones, and valid ones with one change. */
import { Random } from "../fuzz/random.ts";

export interface Sample {
  readonly method: string;
  /** The change, or `none`. */
  readonly change: string;
  /** Creates the request, with further headers. */
  readonly create: (headers?: Readonly<Record<string, string>>) => Request;
}

export type Members = Record<string, unknown>;

interface Draft {
  body: Members;
  headers: Record<string, string>;
  text?: string;
}

/** A request that both servers accept: its method, its parameters, and the name in them. */
export type Valid = readonly (readonly [method: string, params: Members, name?: string])[];

/** The form that requests of a revision have. */
export interface Form {
  readonly valid: Valid;
  readonly changes: { readonly [name: string]: Change };
  /** Returns the members of the parameters and the headers that each request has. */
  readonly frame: (
    method: string,
    name: string | undefined,
  ) => { readonly params: Members; readonly headers: Record<string, string> };
}

const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = "io.modelcontextprotocol/clientCapabilities";

/** Requests that both servers accept, in any revision. */
export const valid: Valid = [
  ["tools/list", {}],
  ["resources/list", {}],
  ["resources/templates/list", {}],
  ["prompts/list", {}],
  ["tools/call", { name: "echo", arguments: { text: "Grüße" } }, "echo"],
  ["tools/call", { name: "add", arguments: { a: 1.5, b: -2 } }, "add"],
  ["tools/call", { name: "locate", arguments: { country: "AT", limit: 3 } }, "locate"],
  ["tools/call", { name: "plain" }, "plain"],
  ["tools/call", { name: "fail", arguments: {} }, "fail"],
  ["resources/read", { uri: "memo://readme" }, "memo://readme"],
  ["resources/read", { uri: "place://Graz" }, "place://Graz"],
  ["prompts/get", { name: "greet", arguments: { name: "Otto" } }, "greet"],
];

export const wrongValues: readonly unknown[] = [
  null,
  true,
  7,
  1.5,
  "",
  "other",
  [],
  [1],
  {},
  { a: 1 },
];

export type Change = (draft: Draft, random: Random) => void;

export const changes = {
  none: () => {},
  id: ({ body }, random) => {
    body.id = random.pick(["", "x", 0, -1, 2 ** 31, "é".repeat(20)]);
  },
  "invalid id": ({ body }, random) => {
    body.id = random.pick([null, 1.5, true, {}, []]);
  },
  jsonrpc: ({ body }, random) => {
    body.jsonrpc = random.pick(["1.0", 2, null]);
  },
  notification: ({ body }) => {
    delete body.id;
  },
  "unknown method": (draft, random) => {
    draft.body.method = random.pick(["nothing", "tools/none", "ping", "tasks/get", ""]);
    draft.headers["mcp-method"] = String(draft.body.method);
  },
  "unknown name": ({ body, headers }, random) => {
    const params = body.params as Members;
    const field = params.uri === undefined ? "name" : "uri";
    params[field] = random.pick(["other", "memo://other", "é", "place://a/b"]);
    headers["mcp-name"] = params[field] === "é" ? "=?base64?w6k=?=" : String(params[field]);
  },
  "missing params": ({ body }) => {
    delete body.params;
  },
  params: ({ body }, random) => {
    body.params = random.pick([null, 1, "x", [], true]);
  },
  "one parameter": ({ body }, random) => {
    const params = body.params as Members;
    const name = random.pick(
      Object.keys(params)
        .filter((key) => key !== "_meta")
        .concat("extra"),
    );
    params[name] = random.pick(wrongValues);
  },
  "one argument": ({ body }, random) => {
    const params = body.params as Members;
    const args = { ...(params.arguments as Members) };
    const name = random.pick(Object.keys(args).concat("extra"));
    params.arguments = { ...args, [name]: random.pick(wrongValues) };
  },
  _meta: ({ body }, random) => {
    (body.params as Members)._meta = random.pick([null, 1, [], {}]);
  },
  "version in _meta": ({ body }, random) => {
    metaOf(body)[version] = random.pick(["2025-11-25", "1999-01-01", 7, null]);
  },
  capabilities: ({ body }, random) => {
    metaOf(body)[capabilities] = random.pick([null, 1, [], "x"]);
  },
  progressToken: ({ body }, random) => {
    metaOf(body).progressToken = random.pick([1, "t", 1.5, null, {}]);
  },
  logLevel: ({ body }, random) => {
    metaOf(body)["io.modelcontextprotocol/logLevel"] = random.pick(["debug", "loud", 3]);
  },
  cursor: ({ body }, random) => {
    (body.params as Members).cursor = random.pick(["", "x", 3, null]);
  },
  "header version": ({ headers }, random) => {
    headers["mcp-protocol-version"] = random.pick(["2025-11-25", "1999-01-01", "x"]);
  },
  "no header version": ({ headers }) => {
    delete headers["mcp-protocol-version"];
  },
  "header method": ({ headers }, random) => {
    headers["mcp-method"] = random.pick(["tools/other", "", "=?base64?eA==?="]);
  },
  "no header method": ({ headers }) => {
    delete headers["mcp-method"];
  },
  "header name": ({ headers }, random) => {
    headers["mcp-name"] = random.pick(["other", "", "=?base64?!?=", "=?base64?ZWNobw==?="]);
  },
  "no header name": ({ headers }) => {
    delete headers["mcp-name"];
  },
  "header parameter": ({ headers }, random) => {
    headers["mcp-param-country"] = random.pick(["AT", "DE", "=?base64?QVQ=?="]);
    headers["mcp-param-limit"] = random.pick(["3", "3.0", "4", "x"]);
  },
  accept: ({ headers }, random) => {
    headers.accept = random.pick(["application/json", "text/event-stream", "*/*", "text/html"]);
  },
  "content type": ({ headers }, random) => {
    headers["content-type"] = random.pick(["text/plain", "application/json; charset=utf-8", "x"]);
  },
  "not JSON": (draft, random) => {
    draft.text = random.pick(["", "{", "nul", '{"a":1}}', '"x"', "3"]);
  },
  batch: (draft) => {
    draft.text = JSON.stringify([draft.body]);
  },
  response: ({ body }) => {
    delete body.method;
    body.result = {};
  },
} satisfies { readonly [name: string]: Change };

/** The form of the current revision. */
export const modern: Form = {
  valid: [["server/discover", {}], ...valid],
  changes,
  frame: (method, name) => ({
    params: { _meta: { [version]: "2026-07-28", [capabilities]: {} } },
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": name }),
      ...(name === "locate" && { "mcp-param-country": "AT", "mcp-param-limit": "3" }),
    },
  }),
};

/** Creates samples; the same for the same seed. */
export function createSamples(count: number, seed: number, form: Form): readonly Sample[] {
  const random = new Random(seed);
  const names = Object.keys(form.changes);
  return Array.from({ length: count }, () => createSample(form, random.pick(names), random));
}

function createSample(form: Form, change: string, random: Random): Sample {
  const [method, params, name] = random.pick(form.valid);
  const frame = form.frame(method, name);
  const draft: Draft = {
    body: { jsonrpc: "2.0", id: 1, method, params: { ...params, ...frame.params } },
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...frame.headers,
    },
  };
  form.changes[change]?.(draft, random);
  const { headers: own } = draft;
  const body = draft.text ?? JSON.stringify(draft.body);
  const create: Sample["create"] = (headers) =>
    new Request("http://127.0.0.1/mcp", { method: "POST", headers: { ...headers, ...own }, body });
  return { method: name === undefined ? method : `${method} ${name}`, change, create };
}

function metaOf(body: Members): Members {
  return (body.params as { _meta: Members })._meta;
}
