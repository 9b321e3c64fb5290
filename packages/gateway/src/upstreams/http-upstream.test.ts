import { describe, expect, it } from "vitest";
import {
  after,
  answer,
  deadUrl,
  send,
  startFront,
  startReplica,
  upstreamConfig,
} from "../delivery/fixtures/front.ts";
import { createHttpUpstream } from "./http-upstream.ts";

const health = { failures: 1, ejectMs: 30, maxEjectMs: 60, intervalMs: 20 };

describe("health", () => {
  it("ejects a replica that fails, until a check succeeds", async () => {
    let isBroken = false;
    const replica = await startReplica((req, res) => {
      if (isBroken) req.resume().on("end", () => req.socket.destroy());
      else answer("ok")(req, res);
    });
    const { upstream, port } = await startFront([replica.url], { health });
    const state = () => upstream.status().replicas[0]?.state;
    await expect.poll(state).toBe("up");
    isBroken = true;
    await send({ port }, "tools/call");
    expect(upstream.status().replicas[0]?.lastError).toBe("other side closed");
    isBroken = false;
    await expect.poll(state).toBe("up");
    expect((await send({ port }, "tools/call")).body).toBe("ok");
  });

  it("sends nothing to an ejected replica while another is up", async () => {
    const replica = await startReplica(answer("ok"));
    const front = await startFront([await deadUrl(), replica.url], { health });
    await expect
      .poll(() => front.upstream.status().replicas.map(({ state }) => state))
      .toEqual(["out", "up"]);
    for (let call = 0; call < 4; call += 1) await send(front, "tools/call");
    expect(front.records.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
  });

  it("tries an ejected replica when all are out", async () => {
    let isBroken = true;
    const replica = await startReplica((req, res) => {
      if (isBroken) req.resume().on("end", () => req.socket.destroy());
      else answer("ok")(req, res);
    });
    const settings = { health: { ...health, ejectMs: 60_000, maxEjectMs: 60_000 } };
    const front = await startFront([replica.url], settings);
    await front.upstream.ready(5000);
    await send(front, "tools/call");
    expect(front.upstream.status().replicas[0]?.state).toBe("out");
    isBroken = false;
    expect((await send(front, "tools/call")).body).toBe("ok");
    expect(front.upstream.status().replicas[0]?.state).toBe("out");
  });

  it.each([
    [503, "text/html", "out"],
    [503, "application/json", "up"],
    [500, "text/html", "up"],
  ])("a replica that responds with %i and %s is %s", async (status, type, state) => {
    const replica = await startReplica((req, res) => {
      req.resume();
      res.writeHead(status, { "content-type": type }).end("{}");
    });
    const front = await startFront([replica.url], { health: { ...health, ejectMs: 60_000 } });
    await front.upstream.ready(5000);
    expect((await send(front, "tools/call")).status).toBe(status);
    expect(front.upstream.status().replicas[0]?.state).toBe(state);
  });

  it.each([
    ["an HTTP status that requires credentials", 401, "text/plain", "no", true],
    [
      "an error response",
      404,
      "application/json",
      '{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":""}}',
      true,
    ],
    ["a page", 200, "text/html", "<html>", false],
    ["a broken gateway before it", 502, "text/html", "<html>", false],
  ])("reads the answer to a check: %s (%i %s)", async (_what, status, type, body, expected) => {
    const { createServer } = await import("node:http");
    const server = createServer((req, res) => {
      req.resume();
      res.writeHead(status, { "content-type": type }).end(body);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    after(() => server.close());
    after(() => server.closeAllConnections());
    const { port } = server.address() as { port: number };
    const upstream = createHttpUpstream("test", upstreamConfig([`http://127.0.0.1:${port}/`]));
    after(() => upstream.close(0));
    expect(await upstream.ready(expected ? 5000 : 100)).toBe(expected);
  });
});

describe("replicas", () => {
  it("are the addresses of a host, and receive the host's name", async () => {
    let host: string | undefined;
    const replica = await startReplica((req, res) => {
      host = req.headers.host;
      answer("ok")(req, res);
    });
    const { port } = new URL(replica.url);
    const lookup = async () => [
      { address: "127.0.0.1", family: 4 },
      { address: "127.0.0.2", family: 4 },
    ];
    const front = await startFront([`http://servers.example:${port}/mcp`], {}, { lookup });
    await expect.poll(() => front.upstream.status().replicas.length).toBe(2);
    for (let call = 0; call < 2; call += 1) {
      expect((await send(front, "tools/call")).body).toBe("ok");
    }
    expect(host).toBe(`servers.example:${port}`);
    expect(front.upstream.status().replicas.map(({ address }) => address)).toEqual([
      `servers.example:${port} (127.0.0.1)`,
      `servers.example:${port} (127.0.0.2)`,
    ]);
  });

  it("are reported as missing, with the reason, while the host can't be resolved", async () => {
    const replica = await startReplica(answer("ok"));
    const { port } = new URL(replica.url);
    const warnings: string[] = [];
    let isKnown = false;
    const lookup = async () => {
      if (!isKnown) throw new Error("getaddrinfo ENOTFOUND servers.example");
      return [{ address: "127.0.0.1", family: 4 }];
    };
    const onWarning = (message: string) => warnings.push(message);
    const front = await startFront(
      [`http://servers.example:${port}/mcp`],
      {},
      { lookup, onWarning },
    );
    const lookupError =
      'the host "servers.example" can\'t be resolved: getaddrinfo ENOTFOUND servers.example';
    await expect.poll(() => front.upstream.status()).toMatchObject({ replicas: [], lookupError });
    expect(warnings).toEqual([`upstream "test": ${lookupError}`]);
    expect((await send(front, "tools/call")).status).toBe(503);
    isKnown = true;
    await expect.poll(() => front.upstream.status().replicas.length).toBe(1);
    expect(front.upstream.status()).not.toHaveProperty("lookupError");
    expect(warnings.at(-1)).toBe('upstream "test": the host "servers.example" is resolved again');
  });

  it("can be added and removed while requests are in flight", async () => {
    const [a, b] = [await startReplica(answer("a")), await startReplica(answer("b"))];
    const front = await startFront([]);
    const removeA = front.upstream.add({ name: "first", url: a.url, pid: 42 });
    expect(await front.upstream.ready(5000)).toBe(true);
    expect((await send(front, "tools/call")).headers["x-lutra-replica"]).toBe("first");
    front.upstream.add({ name: "second", url: b.url });
    removeA();
    removeA();
    expect((await send(front, "tools/call")).headers["x-lutra-replica"]).toBe("second");
    expect(front.upstream.status().replicas).toMatchObject([{ name: "second", inFlight: 0 }]);
  });

  it("complete their exchanges after they were removed", async () => {
    let finish = () => {};
    const replica = await startReplica((req, res) => {
      req.resume();
      finish = () => res.end("done");
    });
    const front = await startFront([]);
    const remove = front.upstream.add({ name: "1", url: replica.url });
    const answered = send(front, "tools/call");
    await expect.poll(() => replica.count()).toBe(1);
    remove();
    finish();
    expect((await answered).body).toBe("done");
  });
});

describe("close", () => {
  it("waits for requests in flight and accepts no new ones", async () => {
    let finish = () => {};
    const replica = await startReplica((req, res) => {
      req.resume();
      finish = () => res.end("done");
    });
    const front = await startFront([replica.url]);
    const answered = send(front, "tools/call");
    await expect.poll(() => replica.count()).toBe(1);
    const closed = front.upstream.close(5000);
    expect((await send(front, "tools/call")).status).toBe(503);
    finish();
    expect((await answered).body).toBe("done");
    await closed;
  });

  it("aborts requests that take longer than the grace period", async () => {
    const replica = await startReplica((req) => void req.resume());
    const front = await startFront([replica.url]);
    const answered = send(front, "tools/call");
    await expect.poll(() => replica.count()).toBe(1);
    await front.upstream.close(20);
    expect((await answered).status).toBe(502);
  });
});
