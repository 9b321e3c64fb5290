import { expect, it } from "vitest";
import { type Address, followAddresses, isFixedHost } from "./addresses.ts";
import { createManualTime } from "./fixtures/manual-time.ts";

/** A host whose addresses a test sets; undefined makes the lookup fail. */
function start(first: readonly string[] | undefined) {
  const time = createManualTime();
  const replicas = new Map<string, string>();
  const failures: (string | undefined)[] = [];
  const state = { found: first, looks: 0, host: "" };
  let names = 0;
  const followed = followAddresses({
    url: new URL("http://servers.example:8080/mcp"),
    clock: time,
    lookup: async (host) => {
      state.looks += 1;
      state.host = host;
      if (state.found === undefined) throw new Error("ENOTFOUND");
      return state.found.map((address): Address => ({ address, family: 4 }));
    },
    nextName: () => {
      names += 1;
      return String(names);
    },
    add: ({ name, ip }) => {
      replicas.set(name, String(ip?.address));
      return () => replicas.delete(name);
    },
    onFailure: (reason) => failures.push(reason),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { time, state, replicas, failures, followed, settle };
}

it("adds a replica for each address of a host", async () => {
  const { replicas, state, settle } = start(["10.0.0.1", "10.0.0.2"]);
  await settle();
  expect([...replicas]).toEqual([
    ["1", "10.0.0.1"],
    ["2", "10.0.0.2"],
  ]);
  expect(state.host).toBe("servers.example");
});

it("resolves the host every 30 s, adds new addresses and removes old ones", async () => {
  const { replicas, state, time, settle } = start(["10.0.0.1", "10.0.0.2"]);
  await settle();
  state.found = ["10.0.0.2", "10.0.0.3"];
  time.advance(29_999);
  await settle();
  expect(state.looks).toBe(1);
  time.advance(1);
  await settle();
  expect([...replicas.values()]).toEqual(["10.0.0.2", "10.0.0.3"]);
});

it("keeps its replicas when a lookup fails or finds nothing", async () => {
  const { replicas, state, time, settle } = start(["10.0.0.1"]);
  await settle();
  for (const found of [undefined, []]) {
    state.found = found;
    time.advance(30_000);
    await settle();
  }
  expect([state.looks, [...replicas.values()]]).toEqual([3, ["10.0.0.1"]]);
});

it("reports once that lookups fail, with the reason, and once that they succeed", async () => {
  const { failures, state, time, settle } = start(undefined);
  for (const found of [undefined, [], ["10.0.0.1"], ["10.0.0.1"], [], undefined]) {
    await settle();
    state.found = found;
    time.advance(30_000);
  }
  await settle();
  expect(failures).toEqual(["ENOTFOUND", undefined, "it has no address"]);
});

it("resolves the host every second while it has no address", async () => {
  const { replicas, state, time, settle } = start(undefined);
  await settle();
  state.found = ["10.0.0.1"];
  time.advance(1000);
  await settle();
  expect(replicas.size).toBe(1);
});

it("resolves the host after failed connections, at most once a second", async () => {
  const { followed, state, time, settle } = start(["10.0.0.1"]);
  await settle();
  for (let failure = 0; failure < 100; failure += 1) {
    followed.refresh();
    time.advance(30);
    await settle();
  }
  expect(state.looks).toBe(1 + 3);
});

it("stops its lookups", async () => {
  const { followed, state, time, settle } = start(["10.0.0.1"]);
  followed.stop();
  await settle();
  followed.refresh();
  time.advance(100_000);
  await settle();
  expect([state.looks, time.waiting()]).toEqual([1, 0]);
});

it.each([
  ["127.0.0.1", true],
  ["[::1]", true],
  ["localhost", true],
  ["app.localhost", true],
  ["servers.example", false],
])("isFixedHost(%s) is %s", (host, expected) => {
  expect(isFixedHost(host)).toBe(expected);
});
