import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { createWebServer } from "./node-listener.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

type Fields = readonly (readonly [name: string, value: string])[];

/** Sends requests on one connection, and returns the headers that the server has read of each. */
async function headersAt(
  server: Server,
  requests: readonly Fields[],
): Promise<readonly IncomingHttpHeaders[]> {
  open.push(server);
  const read: IncomingHttpHeaders[] = [];
  server.on("request", (req, res) => {
    read.push(req.headers);
    if (read.length === requests.length) res.shouldKeepAlive = false;
    res.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  const textOf = (fields: Fields) =>
    fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  for (const fields of requests) socket.write(`GET / HTTP/1.1\r\n${textOf(fields)}\r\n`, "latin1");
  socket.resume();
  await once(socket, "close");
  return read;
}

/** Compares the headers, and the order of their names, with those of Node's own class. */
async function expectAsNode(requests: readonly Fields[]): Promise<void> {
  const [shaped, plain] = await Promise.all([
    headersAt(createWebServer(undefined), requests),
    headersAt(createServer(), requests),
  ]);
  expect(shaped).toEqual(plain);
  expect(shaped.map((headers) => Object.keys(headers))).toEqual(
    plain.map((headers) => Object.keys(headers)),
  );
}

const host = ["Host", "a"] as const;
const json = [host, ["Content-Type", "application/json"], ["Mcp-Name", "add"]] as const;

it("reads the headers of requests with the same names", async () => {
  const named = (name: string) => [host, ["Mcp-Name", name], ["X-One", name]] as const;
  await expectAsNode([named("add"), named("sub"), named("mul"), named("")]);
});

it.each<[string, Fields]>([
  ["another order", [json[2], json[1], host]],
  ["names in another case", [host, ["content-type", "text/plain"], ["mcp-name", "sub"]]],
  ["a name less", [host, json[1]]],
  ["a name more", [...json, ["Accept", "*/*"]]],
  ["another name of the same length", [host, ["Content-Typo", "x"], ["Mcp-Name", "sub"]]],
  ["a repeated name", [host, ["Mcp-Name", "a"], ["Mcp-Name", "b"]]],
])("reads a request with %s after others", async (_what, other) => {
  await expectAsNode([json, json, other, json, other, other, json]);
});

it.each<[string, Fields]>([
  ["a list of cookies", [host, ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]]],
  ["one cookie to set, whose value is a list", [host, ["Set-Cookie", "a=1"]]],
  ["joined cookies", [host, ["Cookie", "a=1"], ["Cookie", "b=2"]]],
  ["a repeated header of which the first counts", [host, ["User-Agent", "a"], ["user-agent", "b"]]],
  ["names that objects have", [host, ["__proto__", "a"], ["constructor", "b"], ["toString", "c"]]],
  ["names that are numbers", [host, ["2", "a"], ["1", "b"]]],
  ["values in Latin-1", [host, ["X-One", "gr\u00fcn"]]],
])("reads %s in each request", async (_what, fields) => {
  await expectAsNode([fields, fields, fields, fields]);
});

it("reads the requests of more clients than it remembers", async () => {
  const clients = Array.from({ length: 7 }, (_, index): Fields => [host, [`X-${index}`, "a"]]);
  await expectAsNode([...clients, ...clients, ...clients]);
});

it("keeps headers that a framework has set", async () => {
  const server = createWebServer(undefined);
  const kept: unknown[] = [];
  server.prependListener("request", (req) => {
    req.headers = { ...req.headers, "x-added": "yes" };
    kept.push(req.headers["x-added"]);
  });
  expect(await headersAt(server, [json, json])).toMatchObject([
    { "x-added": "yes", "mcp-name": "add" },
    { "x-added": "yes", "mcp-name": "add" },
  ]);
  expect(kept).toEqual(["yes", "yes"]);
});

it("keeps changes of headers when a framework replaces the prototype, and is read through others", async () => {
  const server = createWebServer(undefined);
  const seen: unknown[] = [];
  server.prependListener("request", (req) => {
    req.headers["x-added"] = "yes";
    delete req.headers["mcp-name"];
    seen.push(new Proxy(req, {}).headers["x-added"], Object.create(req).headers["x-added"]);
    Object.setPrototypeOf(req, Object.create(IncomingMessage.prototype));
  });
  const expected = { host: "a", "content-type": "application/json", "x-added": "yes" };
  expect(await headersAt(server, [json, json, json, json])).toEqual(Array(4).fill(expected));
  expect(seen).toEqual(Array(8).fill("yes"));
});

it("property: the headers of any sequence of requests are those of Node", async () => {
  const name = fc.constantFrom(
    ...["Accept", "accept", "Content-Type", "Cookie", "Mcp-Method", "Mcp-Name", "mcp-name"],
    ...["Set-Cookie", "User-Agent", "X-Forwarded-For", "__proto__", "1", "Authorization"],
  );
  const value = fc.constantFrom("", "a", "b, c", "x=1");
  const fields = fc.array(fc.tuple(name, value), { maxLength: 4 }).map((more) => [host, ...more]);
  const requests = fc
    .array(fields, { minLength: 1, maxLength: 3 })
    .chain((clients) => fc.array(fc.constantFrom(...clients), { minLength: 1, maxLength: 8 }));
  await fc.assert(fc.asyncProperty(requests, expectAsNode), { numRuns: 60 });
});
