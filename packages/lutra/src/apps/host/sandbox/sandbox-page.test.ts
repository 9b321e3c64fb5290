import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { maxDroppedMessages, maxMessagesPerSecond, sandboxPage } from "./sandbox-page.ts";

const host = "https://chat.example.com";
const page = { html: "<p>view</p>", permissions: { camera: {}, unknown: {} } };

interface FakeFrame {
  readonly contentWindow: { postMessage: (data: unknown, origin: string) => void };
  readonly attributes: { [name: string]: string };
  srcdoc?: string;
  allow?: string;
  isRemoved: boolean;
}

/** Runs the script of the page with a window of its own. */
function runProxy({ query = `host=${host}`, ancestor = host, isEnforced = true } = {}) {
  const toHost: { readonly data: { readonly [name: string]: unknown }; readonly origin: string }[] =
    [];
  const toView: unknown[] = [];
  const listeners = new Map<string, (event: object) => void>();
  const clock = { ms: 0 };
  const view = { postMessage: (data: unknown) => toView.push(data) };
  const parent = {
    postMessage: (data: { readonly [name: string]: unknown }, origin: string) =>
      toHost.push({ data, origin }),
  };
  const frame: FakeFrame = { contentWindow: view, attributes: {}, isRemoved: false };
  const element = Object.assign(frame, {
    setAttribute: (name: string, value: string) => {
      frame.attributes[name] = value;
    },
    remove: () => {
      frame.isRemoved = true;
    },
  });
  const window = {
    parent,
    URLSearchParams,
    performance: { now: () => clock.ms },
    location: {
      search: `?${query}`,
      origin: "https://sandbox.example",
      ancestorOrigins: [ancestor],
    },
    document: { createElement: () => element, body: { append: () => {} } },
    addEventListener: (type: string, listener: (event: object) => void) =>
      listeners.set(type, listener),
  };
  const [, script = ""] = /<script>(.*)<\/script>/s.exec(sandboxPage) ?? [];
  // Without code from text, the script sees the policy that it expects.
  const codeGeneration = { strings: !isEnforced, wasm: true };
  runInNewContext(`self = globalThis;${script}`, window, { contextCodeGeneration: codeGeneration });
  const send = (source: object, origin: string) => (data: unknown) =>
    listeners.get("message")?.({ source, origin, data });
  return {
    toHost,
    toView,
    frame,
    clock,
    fromHost: send(parent, host),
    fromView: send(view, "null"),
    fromElsewhere: send({}, host),
    send: {
      hostWith: (origin: string) => send(parent, origin),
      viewWith: (origin: string) => send(view, origin),
    },
  };
}

const ready = { jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} };
const resource = {
  jsonrpc: "2.0",
  method: "ui/notifications/sandbox-resource-ready",
  params: page,
};
const ping = { jsonrpc: "2.0", id: 0, method: "ping" };
const refused = (reason: string) => ({
  jsonrpc: "2.0",
  method: "ui/notifications/sandbox-refused",
  params: { reason },
});

function circular(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

/** A small value whose text doubles with each level. */
function doubled(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level += 1) value = [value, value];
  return value;
}

describe("the proxy", () => {
  it("is ready at once, and loads one page", () => {
    const { toHost, frame, fromHost } = runProxy();
    expect(toHost).toEqual([{ data: ready, origin: host }]);
    fromHost(resource);
    expect(frame).toMatchObject({
      attributes: { sandbox: "allow-scripts allow-forms" },
      srcdoc: page.html,
      allow: "camera",
    });
    fromHost({ ...resource, params: { html: "<p>other</p>" } });
    expect(frame.srcdoc).toBe(page.html);
  });

  it("relays messages, but not those of the sandbox", () => {
    const { toHost, toView, fromHost, fromView } = runProxy();
    fromHost(ping);
    fromHost({ ...ping, method: "ui/notifications/sandbox-other" });
    expect(toView).toEqual([ping]);
    fromView(ping);
    fromView(resource);
    expect(toHost.slice(1).map(({ data }) => data)).toEqual([ping, refused("reserved")]);
  });

  it("ignores other windows and other origins", () => {
    const { toHost, toView, fromElsewhere, send } = runProxy();
    fromElsewhere(ping);
    send.hostWith("https://evil.example")(resource);
    send.viewWith("https://video.example")(ping);
    expect([toHost.length, toView.length]).toEqual([1, 0]);
  });

  it("relays a copy of what is JSON", () => {
    const { toHost, fromView } = runProxy();
    for (const data of [undefined, 1n, Symbol("x")]) fromView(data);
    fromView({ map: new Map([[1, 2]]) });
    fromView({ text: "x".repeat(10_485_761) });
    expect(toHost.slice(1).map(({ data }) => data)).toEqual([
      refused("not JSON"),
      { map: {} },
      refused("size"),
    ]);
  });

  it.each([
    ["is circular", circular()],
    ["contains bytes", { bytes: new Uint8Array(1) }],
    ["has gaps", { list: Object.assign([], { length: 4_000_000_000 }) }],
    ["contains an object in many places", doubled(40)],
  ])("computes no text for a message that %s", (_, data) => {
    const { toHost, fromView } = runProxy();
    fromView(data);
    expect(toHost.slice(1).map(({ data }) => data)).toEqual([refused("size")]);
  });

  it("removes a view that sends large messages sooner", () => {
    const { fromView, frame } = runProxy();
    for (let sent = 0; sent <= maxDroppedMessages / 100; sent += 1) {
      expect(frame.isRemoved).toBe(false);
      fromView({ bytes: new Uint8Array(1) });
    }
    expect(frame.isRemoved).toBe(true);
  });

  it("limits the rate of messages, and begins again in each second", () => {
    const { toHost, fromView, clock } = runProxy();
    for (let sent = 0; sent < maxMessagesPerSecond + 10; sent += 1) fromView(ping);
    const received = () => toHost.filter(({ data }) => data.method === "ping").length;
    expect(received()).toBe(maxMessagesPerSecond);
    expect(toHost.at(-1)?.data).toEqual(refused("rate"));
    clock.ms = 1000;
    fromView(ping);
    expect(received()).toBe(maxMessagesPerSecond + 1);
  });

  it("removes a view that goes on", () => {
    const { toHost, fromView, frame } = runProxy();
    for (let sent = 0; sent <= maxMessagesPerSecond + maxDroppedMessages; sent += 1) {
      expect(frame.isRemoved).toBe(false);
      fromView(ping);
    }
    expect(frame.isRemoved).toBe(true);
    expect(toHost.at(-1)?.data).toEqual(refused("flood"));
  });

  it("forgets dropped messages after a pause", () => {
    const { fromView, frame, clock } = runProxy();
    for (let burst = 0; burst < 3; burst += 1) {
      clock.ms += 20_000;
      const count = maxMessagesPerSecond + maxDroppedMessages;
      for (let sent = 0; sent < count; sent += 1) fromView(ping);
    }
    expect(frame.isRemoved).toBe(false);
  });

  it.each([
    ["without a host", { query: "" }],
    ["for a host with a path", { query: `host=${host}/x` }],
    ["for a host other than the embedding one", { ancestor: "https://evil.example" }],
    [
      "on the origin of the host",
      { query: "host=https://sandbox.example", ancestor: "https://sandbox.example" },
    ],
  ])("does not start %s", (_, options) => {
    expect(() => runProxy(options)).toThrow("expected the origin of the embedding page");
  });

  it("is not ready before it knows that it has a policy", () => {
    expect(runProxy({ isEnforced: false }).toHost).toEqual([]);
  });
});
