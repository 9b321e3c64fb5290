import assert from "node:assert/strict";
import { createLegacyProcess } from "../../../packages/lutra/src/legacy/stdio.ts";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import {
  encodeError,
  isRequest,
  type JSONRPCRequest,
  parseMessage,
} from "../../../packages/lutra/src/protocol/json-rpc.ts";
import { legacyVersions } from "../../../packages/lutra/src/protocol/versioning.ts";
import { createServer } from "../../../packages/lutra/src/server/create-server.ts";
import { defineResource } from "../../../packages/lutra/src/server/resources.ts";
import { defineTool } from "../../../packages/lutra/src/server/tools.ts";
import type { LegacyProcess } from "../../../packages/lutra/src/transport/stdio/legacy.ts";
import { problemsWith } from "../published-types.ts";
import { orRefused, type Target } from "../target.ts";

const failures: unknown[] = [];
const onError = (error: unknown) => failures.push(error);
const { serve } = createServer({
  name: "fuzzed",
  version: "1",
  instructions: "Use it",
  keys: [{ id: "k", secret: new Uint8Array(32).fill(1) }],
  tools: [defineTool({ name: "echo", call: (args) => JSON.stringify(args) })],
  resources: [defineResource({ uri: "a:b", name: "b", read: () => "text" })],
  onError,
});
const versions = legacyVersions;
const types: { readonly [method: string]: string } = {
  initialize: "InitializeResult",
  "tools/list": "ListToolsResult",
  "tools/call": "CallToolResult",
  "resources/list": "ListResourcesResult",
  "resources/read": "ReadResourceResult",
  ping: "EmptyResult",
};

export const legacySession: Target = {
  kind: "json",
  name: "legacy-session",
  title: "messages of a legacy session: valid results of its revision, or protocol errors",
  dictionary: [
    ...versions,
    ...Object.keys(types),
    "notifications/initialized",
    "logging/setLevel",
    "uri",
  ],
  check: async (input) => {
    if (!Array.isArray(input)) return;
    failures.length = 0;
    const client: Client = {
      session: createLegacyProcess({ serve, versions, onError, send: () => {} }),
      version: String(versions[0]),
    };
    for (const received of input.slice(0, 8)) await receive(client, received);
    client.session.close();
    assert.deepEqual(failures, []);
  },
};

interface Client {
  readonly session: LegacyProcess;
  /** The revision of its results; before `initialize`, which only `ping` may precede, any. */
  version: string;
}

async function receive(client: Client, received: unknown): Promise<void> {
  const message = orRefused(() => parseMessage(received), isProtocolError);
  if (message === undefined) {
    if (isObject(received)) client.session.answer(received);
  } else if (isRequest(message)) await request(client, message);
  else client.session.notify(message);
}

async function request(client: Client, message: JSONRPCRequest): Promise<void> {
  const { signal } = new AbortController();
  try {
    const result = await client.session.serve(message, { signal, notify: () => {} });
    if (message.method === "initialize") client.version = String(result.protocolVersion);
    const type = Object.hasOwn(types, message.method) ? types[message.method] : undefined;
    const sent = JSON.parse(JSON.stringify(result)) as unknown;
    if (type !== undefined) assert.equal(problemsWith(client.version, type, sent), undefined);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    const wire = JSON.parse(encodeError(message.id, error)) as { error: { code: number } };
    assert.notEqual(wire.error.code, -32603);
  }
}
