/** Requests of a session of MCP 2025-11-25. */
import { type Change, changes, type Form, type Members, valid, wrongValues } from "./requests.ts";

const version = "2025-11-25";

const clientInfo = { name: "differential", version: "1.0.0" };

export const initializeParams = { protocolVersion: version, capabilities: {}, clientInfo };

/** The headers of the current revision, which the changes of its requests also set. */
const modernHeaders = ["mcp-method", "mcp-name"] as const;

const { none, id, "invalid id": invalidId, jsonrpc, notification, params, cursor } = changes;
const { accept, "content type": contentType, "not JSON": notJSON, batch, response } = changes;

/** Leaves out the headers that requests of a session do not have. */
function withoutModernHeaders(change: Change): Change {
  return (draft, random) => {
    change(draft, random);
    for (const name of modernHeaders) delete draft.headers[name];
  };
}

export const legacy: Form = {
  valid: [
    ...valid,
    ["ping", {}],
    ["logging/setLevel", { level: "info" }],
    ["initialize", initializeParams],
  ],
  changes: {
    none,
    id,
    "invalid id": invalidId,
    jsonrpc,
    notification,
    params,
    cursor,
    accept,
    "content type": contentType,
    "not JSON": notJSON,
    batch,
    response,
    "unknown method": withoutModernHeaders(changes["unknown method"]),
    "unknown name": withoutModernHeaders(changes["unknown name"]),
    "missing params": changes["missing params"],
    "one parameter": changes["one parameter"],
    "one argument": changes["one argument"],
    _meta: changes._meta,
    progressToken: ({ body }, random) => {
      (body.params as Members)._meta = { progressToken: random.pick([1, "t", 1.5, null, {}]) };
    },
    "protocol version": ({ body }, random) => {
      (body.params as Members).protocolVersion = random.pick([
        "2024-11-05",
        "1999-01-01",
        ...wrongValues,
      ]);
    },
    level: ({ body }, random) => {
      (body.params as Members).level = random.pick(["debug", "loud", ...wrongValues]);
    },
    "header version": ({ headers }, random) => {
      headers["mcp-protocol-version"] = random.pick(["2025-06-18", "1999-01-01", "x"]);
    },
    "no header version": ({ headers }) => {
      delete headers["mcp-protocol-version"];
    },
    "session id": ({ headers }, random) => {
      headers["mcp-session-id"] = random.pick(["other", "a.b"]);
    },
  },
  frame: (method) => ({
    params: {},
    headers: method === "initialize" ? {} : { "mcp-protocol-version": version },
  }),
};
