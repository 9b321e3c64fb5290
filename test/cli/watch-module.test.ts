/** `lutra serve --watch` and `lutra up --watch`: a module changes while its server is used. */
import { fileURLToPath } from "node:url";
import { type Client, createClient, noResponseCache } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { expect, it, onTestFinished } from "vitest";
import { changingModule, createGate, versionServer } from "./changing-module.ts";
import { messagesOf, send } from "./http.ts";
import { endLutra, runLutra, startLutra, untilListening } from "./run-lutra.ts";

const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));

function connect(target: Parameters<typeof createClient>[0], more = {}): Client {
  const client = createClient(target, {
    extensions: [followTasks({ notifications: false })],
    ...more,
  });
  onTestFinished(() => client.close());
  return client;
}

const toolsOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
const textOf = async (call: Promise<unknown>) => {
  const { content } = (await call) as { content: readonly { text: string }[] };
  return content[0]?.text;
};

const toolsListChanged = "notifications/tools/list_changed";

/** Subscribes to changes of the tools. Returns a function that waits for the next one. */
async function follow(client: Client): Promise<() => Promise<void>> {
  const subscription = await client.listen({ toolsListChanged: true });
  onTestFinished(() => subscription.close());
  const changes = subscription[Symbol.asyncIterator]();
  return async () => {
    expect(await changes.next()).toMatchObject({ value: { method: toolsListChanged } });
  };
}

it("reloads a module of lutra serve, and ends calls in flight at the old version", async () => {
  const { path, write } = changingModule({ "server.ts": versionServer("one") });
  const gate = await createGate();
  const lutra = await startLutra("serve", path, "--watch");
  const client = connect(lutra.url);
  const changed = await follow(client);
  const inFlight = textOf(client.callTool("wait", { gate: gate.url }));
  await gate.waiting(1);
  write("server.ts", versionServer("two"));
  await lutra.line(/server\.ts: reloaded$/);
  await changed();
  expect(await toolsOf(client)).toContain("version-two");
  expect(await textOf(client.callTool("version-two"))).toBe(String(lutra.child.pid));
  gate.open();
  expect(await inFlight).toBe("one");
  // The subscription has moved: it reports the next change as well.
  write("server.ts", versionServer("three"));
  await changed();
  expect(await toolsOf(client)).toContain("version-three");
  await endLutra(lutra);
});

it("reloads the modules of a gateway: those of an upstream, and its guard", async () => {
  const { path, write } = changingModule({
    "server.ts": versionServer("one"),
    "guard.mjs": "export default (next) => next;",
    "gateway.json": JSON.stringify({
      listen: { port: 0 },
      admin: false,
      log: false,
      guard: { module: "./guard.mjs" },
      upstreams: { changing: { module: "./server.ts", replicas: 2 } },
    }),
  });
  const lutra = await untilListening(
    runLutra("gateway", path.replace("server.ts", "gateway.json"), "--watch"),
  );
  const client = connect(lutra.url, { cache: noResponseCache });
  const changed = await follow(client);
  expect(await toolsOf(client)).toContain("version-one");
  write("server.ts", versionServer("two"));
  await changed();
  await lutra.line(/server\.ts: reloaded$/);
  expect(await toolsOf(client)).toContain("version-two");
  write(
    "guard.mjs",
    `import { ProtocolError } from "lutra/protocol";
    export default (next) => (request, context) => {
      if (request.params?.name !== "version-two") return next(request, context);
      throw new ProtocolError("invalidParams", "refused by the guard");
    };`,
  );
  await lutra.line(/gateway\.json: reloaded$/);
  await expect(client.callTool("version-two")).rejects.toThrow("refused by the guard");
  await endLutra(lutra);
});

it("keeps a subscription on its stream, with one acknowledgement", async () => {
  const { path, write } = changingModule({ "server.ts": versionServer("one") });
  const lutra = await startLutra("serve", path, "--watch");
  const leaving = new AbortController();
  const filter = { notifications: { toolsListChanged: true } };
  const stream = await send(lutra.url, "subscriptions/listen", filter, { signal: leaving.signal });
  const messages = messagesOf(stream);
  const next = async () => (await messages.next()).value?.method;
  expect(await next()).toBe("notifications/subscriptions/acknowledged");
  for (const version of ["two", "three"]) {
    write("server.ts", versionServer(version));
    expect(await next()).toBe(toolsListChanged);
  }
  leaving.abort();
  await endLutra(lutra);
});

it("reloads the local modules that a module imports", async () => {
  const { path, write } = changingModule({
    "names.ts": 'export const name = "first";',
    "data.json": '{ "title": "a" }',
    "server.ts": versionServer(
      "one",
      'import data from "./data.json"; import { name } from "./names.ts";',
      "name + data.title",
    ),
  });
  const lutra = await startLutra("serve", path, "--watch");
  const client = connect(lutra.url);
  const changed = await follow(client);
  expect(await toolsOf(client)).toContain("firsta");
  write("names.ts", 'export const name = "second";');
  await changed();
  expect(await toolsOf(client)).toContain("seconda");
  write("data.json", '{ "title": "b" }');
  await changed();
  expect(await toolsOf(client)).toContain("secondb");
  await endLutra(lutra);
});

it.each([
  ["a syntax error", "const a = ;", [/cannot load .*server\.ts: .*server\.ts:1:11: /]],
  ["an exception", "\nnull.x;", [/cannot load .*server\.ts: TypeError: /, /server\.ts:2:6\)?$/]],
  [
    "a syntax error in JavaScript that it imports",
    'import "./broken.mjs";',
    [/cannot load .*server\.ts: .*broken\.mjs:2:11: /],
  ],
  ["no server", "export default 1;", [/its default export is not a server/]],
])("keeps the old version of a module with %s", async (_what, text, reasons) => {
  const { path, write } = changingModule({
    "server.ts": versionServer("one"),
    "broken.mjs": "\nconst a = ;",
  });
  const lutra = await startLutra("serve", path, "--watch");
  const client = connect(lutra.url);
  write("server.ts", text);
  for (const reason of reasons) await lutra.line(reason);
  await lutra.line(/the previous version of .*server\.ts remains active$/);
  expect(lutra.stderr.join("\n")).not.toContain("load=");
  expect(await toolsOf(client)).toContain("version-one");
  write("server.ts", versionServer("two"));
  await lutra.line(/server\.ts: reloaded$/);
  expect(await textOf(client.callTool("version-two"))).toBe(String(lutra.child.pid));
  await endLutra(lutra);
});

it("continues questions and tasks of the old version at the new one", async () => {
  const { path, write } = changingModule({ "server.ts": versionServer("one") });
  const gate = await createGate();
  const lutra = await startLutra("serve", path, "--watch");
  const client = connect(lutra.url, {
    onElicit: async () => {
      write("server.ts", versionServer("two"));
      await lutra.line(/server\.ts: reloaded$/);
      return { action: "accept", content: { sure: true } };
    },
  });
  const task = textOf(client.callTool("long", { gate: gate.url }));
  await gate.waiting(1);
  expect(await textOf(client.callTool("ask"))).toBe("one to two");
  // The attempt of the old version was aborted, and that of the new one has asked again.
  await gate.waiting(2);
  gate.open();
  expect(await task).toBe("one to two");
  await endLutra(lutra);
});

it("reloads a module over stdio, in the same process", async () => {
  const { path, write } = changingModule({ "server.ts": versionServer("one") });
  const gate = await createGate();
  const client = connect({
    command: process.execPath,
    args: [program, "serve", path, "--stdio", "--watch"],
  });
  const changed = await follow(client);
  const pid = await textOf(client.callTool("version-one"));
  const inFlight = textOf(client.callTool("wait", { gate: gate.url }));
  await gate.waiting(1);
  write("server.ts", versionServer("two", 'console.log("two");'));
  await changed();
  expect(await toolsOf(client)).toContain("version-two");
  expect(await textOf(client.callTool("version-two"))).toBe(pid);
  gate.open();
  expect(await inFlight).toBe("one");
});

it("reloads every replica of lutra up before it announces the change", async () => {
  const { path, write } = changingModule({ "server.ts": versionServer("one") });
  const gate = await createGate();
  const lutra = await startLutra("up", path, "--watch", "--replicas", "3");
  const client = connect(lutra.url);
  const changed = await follow(client);
  expect(await toolsOf(client)).toContain("version-one");
  const wait = () => textOf(client.callTool("wait", { gate: gate.url }));
  const inFlight = [wait(), wait(), wait(), wait(), wait(), wait()];
  await gate.waiting(6);
  write("server.ts", versionServer("two"));
  await lutra.line(/server\.ts: reloaded$/);
  await changed();
  const calls = Array.from({ length: 12 }, () => textOf(client.callTool("version-two")));
  expect(new Set(await Promise.all(calls)).size).toBe(3);
  expect(await toolsOf(client)).toContain("version-two");
  gate.open();
  expect(await Promise.all(inFlight)).toEqual(inFlight.map(() => "one"));
  await endLutra(lutra);
  expect(lutra.stderr.join("\n")).not.toContain("died");
});

it("reports a module with an error once, and keeps the old version in all replicas", async () => {
  const { path, write } = changingModule({ "server.ts": versionServer("one") });
  const lutra = await startLutra("up", path, "--watch", "--replicas", "3");
  const client = connect(lutra.url);
  write("server.ts", "const a = ;");
  await lutra.line(/server\.ts:1:11: /);
  await lutra.line(/the previous version of .*server\.ts remains active$/);
  const calls = Array.from({ length: 12 }, () => textOf(client.callTool("version-one")));
  expect(new Set(await Promise.all(calls)).size).toBe(3);
  write("server.ts", versionServer("two"));
  await lutra.line(/server\.ts: reloaded$/);
  expect(lutra.stderr.filter((line) => line.includes("server.ts:1:11"))).toHaveLength(1);
  await endLutra(lutra);
});
