import { expect, it } from "vitest";
import { createClient } from "../../client/index.ts";
import { createServer } from "../../server/create-server.ts";
import { connect } from "../../testing/connect.ts";
import { serveHttp as serveHttpOnNode } from "../node.ts";
import { createStdioTransport } from "../stdio/client.ts";
import { serveStdio } from "../stdio/server.ts";
import { bearerTokens } from "./bearer-tokens.ts";
import { createFetchHandler } from "./fetch-handler.ts";
import { createNodeHandler } from "./node-handler.ts";
import { serveHttp } from "./node-serve.ts";

const server = createServer({ name: "test", version: "1" });
const token = "0123456789abcdef";
const authenticate = bearerTokens([{ id: "a", token }]);

it.each([
  ["createNodeHandler", createNodeHandler],
  ["createFetchHandler", createFetchHandler],
])("%s refuses a misspelt option, which would open the server to everybody", (name, create) => {
  const options = { authentificate: authenticate } as object;
  expect(() => create(server, options)).toThrow(
    `${name}: authentificate: unknown option; did you mean "authenticate"?`,
  );
});

it.each([
  [{ authentificate: authenticate }, '; did you mean "authenticate"?'],
  [{ prot: 3000 }, '; did you mean "port"?'],
])("serveHttp refuses a misspelt option: %j", async (options, hint) => {
  await expect(serveHttp(server, options as object)).rejects.toThrow(hint);
});

it.each([
  [{ scope: ["w"] }, 'tokens[0]: scope: unknown option; did you mean "scopes"?'],
  [{ scopes: "www" }, "tokens[0].scopes: expected a list of strings"],
  [{ scopes: [1] }, "tokens[0].scopes: expected a list of strings"],
])("bearerTokens refuses %j", (members, message) => {
  expect(() => bearerTokens([{ id: "a", token, ...members } as never])).toThrow(message);
});

it.each([
  ["createNodeHandler", createNodeHandler],
  ["createFetchHandler", createFetchHandler],
  ["connect", connect],
  ["serveStdio", serveStdio],
])(
  "%s refuses a value that is not a server, instead of failing with each request",
  (name, create) => {
    const module = { default: server };
    expect(() => create(module as never)).toThrow(
      `${name}: expected a server, such as createServer({ ... })`,
    );
  },
);

it("serveHttp refuses a value that is not a server", async () => {
  await expect(serveHttp({} as never)).rejects.toThrow("serveHttp: expected a server");
});

it.each([
  ["bearerTokens: tokens", () => bearerTokens("secret" as never)],
  [
    "createNodeHandler: allowedHosts",
    () => createNodeHandler(server, { allowedHosts: "a" as never }),
  ],
  [
    "createFetchHandler: allowedOrigins",
    () => createFetchHandler(server, { allowedOrigins: "https://a.example" as never }),
  ],
  ["createServer: keys", () => createServer({ name: "a", version: "1", keys: "k" as never })],
  [
    "createServer: middleware",
    () => createServer({ name: "a", version: "1", middleware: (() => {}) as never }),
  ],
])("%s must be an array", (where, create) => {
  expect(create).toThrow(`${where}: expected an array`);
});

const named = { name: "a", version: "1" };

it.each([
  [
    "createServer: keys[0]: expected an object",
    () => createServer({ ...named, keys: ["k" as never] }),
  ],
  [
    "createServer: extensions[0]: expected an object",
    () => createServer({ ...named, extensions: [(() => {}) as never] }),
  ],
  [
    "createServer: middleware[0]: expected a function",
    () => createServer({ ...named, middleware: [1 as never] }),
  ],
  [
    "createServer: onError: expected a function",
    () => createServer({ ...named, onError: "x" as never }),
  ],
  ["createServer: icons: expected an array", () => createServer({ ...named, icons: "x" as never })],
  [
    "tool a: scopes: expected an array",
    () =>
      createServer({ ...named, tools: [{ name: "a", scopes: "admin" as never, call: () => "" }] }),
  ],
  [
    "createNodeHandler: allowedHosts[0]: expected a string",
    () => createNodeHandler(server, { allowedHosts: [3 as never] }),
  ],
  [
    "createNodeHandler: addressOf: expected a function",
    () => createNodeHandler(server, { addressOf: "x" as never }),
  ],
  ["connect: expected an object", () => connect(server, 3 as never)],
  ["connect: principal: expected { id }", () => connect(server, { principal: "ada" as never })],
  ["createClient: expected an object", () => createClient(server, null as never)],
  [
    "createClient: middleware: expected an array",
    () => connect(server, { middleware: (() => {}) as never }),
  ],
  [
    "createClient: extensions: expected an array",
    () => connect(server, { extensions: {} as never }),
  ],
  ["createClient: headers: expected an object", () => connect(server, { headers: "x" as never })],
  ["createClient: onElicit: expected a function", () => connect(server, { onElicit: {} as never })],
  [
    "createClient: versions: expected an array",
    () => connect(server, { versions: "2026" as never }),
  ],
  ["serveStdio: expected an object", () => serveStdio(server, 3 as never)],
  ["command: expected an object such as", () => createStdioTransport("node a.js" as never)],
  [
    "args: expected an array",
    () => createStdioTransport({ command: "node", args: "a.js" as never }),
  ],
])("%s", (message, create) => {
  expect(create).toThrow(message);
});

it.each([
  [{ port: "3000" }, 'serveHttp: port: expected an integer from 0 to 65535, got the string "3000"'],
  [{ port: 99_999 }, "serveHttp: port: expected an integer from 0 to 65535, got 99999"],
  [{ port: Number.NaN }, "serveHttp: port: expected an integer from 0 to 65535, got NaN"],
  [{ host: "" }, "serveHttp: host: expected an address or a name"],
  [{ host: 3 }, "serveHttp: host: expected an address or a name"],
  [{ path: 3 }, 'path: expected a path that begins with "/", got "3"'],
  [{ drainMs: "5s" }, "serveHttp: drainMs: expected milliseconds, 0 or more"],
  [{ lameDuckMs: -1 }, "serveHttp: lameDuckMs: expected milliseconds, 0 or more"],
  [{ onDrain: "x" }, "serveHttp: onDrain: expected a function"],
  [3000, "serveHttp: expected an object"],
  [null, "serveHttp: expected an object"],
  [{ versions: "2026-07-28" }, "versions: expected an array"],
])("serveHttp refuses %j", async (options, message) => {
  await expect(serveHttpOnNode(server, options as never)).rejects.toThrow(message);
});
