import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { guardedFetchOver } from "./guarded-fetch.ts";
import { checkedLookup, guardedFetch, nodeNetwork } from "./node.ts";
import { allowLoopback, type GuardedFetchOptions } from "./options.ts";

const local = { [allowLoopback]: true };

/** Starts a server on loopback and returns its origin. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const refused = expect.objectContaining({ name: "TransportError", reason: "refused" });

/** A lookup that gives the next of these answers with each call. */
function answering(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, _options, callback) => {
    const answer = answers[Math.min(asked.push(hostname), answers.length) - 1] ?? [];
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return { asked, lookup };
}

describe("a guarded fetch refuses", () => {
  it.each([
    ["http", "http://example.com/"],
    ["another scheme", "ftp://example.com/"],
    ["data URLs", "data:text/plain,hello"],
    ["a private address", "https://10.0.0.1/"],
    ["the metadata of a cloud", "https://169.254.169.254/latest"],
    ["a loopback address", "https://127.0.0.1/"],
    ["a loopback address as a number", "https://2130706433/"],
    ["a loopback address in IPv6", "https://[::1]/"],
    ["a mapped loopback address", "https://[::ffff:7f00:1]/"],
    ["localhost", "https://localhost/"],
    ["plain loopback without the option", "http://127.0.0.1:1/"],
  ])("%s", async (_what, url) => {
    await expect(guardedFetch()(url)).rejects.toEqual(refused);
  });

  it("a private address also where loopback is permitted", async () => {
    await expect(guardedFetch(local)("https://192.168.0.1/")).rejects.toEqual(refused);
    await expect(guardedFetch(local)("http://192.168.0.1/")).rejects.toEqual(refused);
  });

  it("a name whose addresses are private, before it connects", async () => {
    const { lookup, asked } = answering(["10.0.0.7"]);
    const fetchSafely = guardedFetchOver(nodeNetwork(lookup))();
    await expect(fetchSafely("https://as.example.com/")).rejects.toMatchObject({
      reason: "refused",
      message: expect.stringContaining("as.example.com"),
    });
    expect(asked).toEqual(["as.example.com"]);
  });

  it("a name that has a public and a private address", async () => {
    const { lookup } = answering(["93.184.215.14", "127.0.0.1"]);
    const fetchSafely = guardedFetchOver(nodeNetwork(lookup))();
    await expect(fetchSafely("https://as.example.com/")).rejects.toEqual(refused);
  });

  it("a name without addresses", async () => {
    const fetchSafely = guardedFetchOver(nodeNetwork(answering([]).lookup))();
    await expect(fetchSafely("https://as.example.com/")).rejects.toEqual(refused);
  });

  it("a redirect, unless the option permits it", async () => {
    const origin = await listen((_req, res) => res.writeHead(302, { location: "/next" }).end());
    await expect(guardedFetch(local)(origin)).rejects.toEqual(refused);
  });
});

describe("a redirect that is followed", () => {
  it.each([
    "https://169.254.169.254/latest/meta-data",
    "http://example.com/",
    "file:///etc/passwd",
    "https://user:secret@example.com/",
  ])("is checked like the first URL: %s", async (location) => {
    const origin = await listen((_req, res) => res.writeHead(302, { location }).end());
    const fetchSafely = guardedFetch({ ...local, maxRedirects: 3 });
    const failed = await fetchSafely(origin).catch((error: unknown) => error);
    expect(failed).toEqual(refused);
    expect(String(failed)).not.toContain("secret");
  });

  it("loses the credentials at another origin only", async () => {
    const seen: (string | undefined)[] = [];
    const other = await listen((req, res) => {
      seen.push(req.headers.authorization);
      res.end("there");
    });
    const origin = await listen((req, res) => {
      seen.push(req.headers.authorization);
      res.writeHead(307, { location: req.url === "/" ? "/same" : other }).end();
    });
    const fetchSafely = guardedFetch({ ...local, maxRedirects: 2 });
    const response = await fetchSafely(origin, { headers: { authorization: "Bearer x" } });
    expect(await response.text()).toBe("there");
    expect(response.url).toBe(`${other}/`);
    expect(seen).toEqual(["Bearer x", "Bearer x", undefined]);
  });

  it("ends after the maximum number", async () => {
    let count = 0;
    const origin = await listen((_req, res) => {
      count += 1;
      res.writeHead(302, { location: "/" }).end();
    });
    await expect(guardedFetch({ ...local, maxRedirects: 2 })(origin)).rejects.toEqual(refused);
    expect(count).toBe(3);
  });

  it("leaves no connection open when it is refused, also with a body that does not end", async () => {
    const closed: Promise<unknown>[] = [];
    const origin = await listen((_req, res) => {
      closed.push(once(res, "close"));
      res.writeHead(302, { location: "https://10.0.0.1/" }).write("x");
    });
    const fetchSafely = guardedFetch({ ...local, timeoutMs: 2000 });
    // More than the connections to one origin.
    for (let count = 0; count < 9; count += 1) {
      await expect(fetchSafely(origin)).rejects.toEqual(refused);
    }
    await Promise.all(closed);
    expect(closed).toHaveLength(9);
  });

  it("is refused for a POST, whose body would be sent elsewhere", async () => {
    const origin = await listen((_req, res) => res.writeHead(307, { location: "/next" }).end());
    const fetchSafely = guardedFetch({ ...local, maxRedirects: 2 });
    await expect(fetchSafely(origin, { method: "POST", body: "code=1" })).rejects.toEqual(refused);
  });
});

describe("the answer of the resolver", () => {
  it("is used for the connection, so that a second answer changes nothing", async () => {
    const origin = await listen((_req, res) => res.end("pinned"));
    const { lookup, asked } = answering(["127.0.0.1"], ["10.0.0.1"]);
    const fetchSafely = guardedFetchOver(nodeNetwork(lookup))(local);
    const { port } = new URL(origin);
    const response = await fetchSafely(`http://as.localhost:${port}/`);
    expect(await response.text()).toBe("pinned");
    expect(asked).toEqual(["as.localhost"]);
  });

  it("is checked again for each new connection", async () => {
    const { lookup, asked } = answering(["192.0.2.1"], ["127.0.0.1"]);
    const fetchSafely = guardedFetchOver(nodeNetwork(lookup))();
    await expect(fetchSafely("https://as.example.com/")).rejects.toEqual(refused);
    await expect(fetchSafely("https://as.example.com/")).rejects.toEqual(refused);
    expect(asked).toHaveLength(2);
  });

  it("is passed on in the form that the connection asks for", () => {
    const { lookup } = answering(["93.184.215.14", "2606:4700::1111"]);
    const results: unknown[] = [];
    const checked = checkedLookup(lookup, { loopback: false });
    checked("one.example.com", { all: true }, (_error, found) => results.push(found));
    checked("one.example.com", {}, (_error, address, family) => results.push([address, family]));
    expect(results).toEqual([
      [
        { address: "93.184.215.14", family: 4 },
        { address: "2606:4700::1111", family: 6 },
      ],
      ["93.184.215.14", 4],
    ]);
  });

  it("is an error that the fetch reports", async () => {
    const failing: LookupFunction = (_name, _options, callback) => {
      callback(Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" }), []);
    };
    const fetchSafely = guardedFetchOver(nodeNetwork(failing))();
    await expect(fetchSafely("https://as.example.com/a?code=secret")).rejects.toMatchObject({
      reason: "closed",
      message: "GET https://as.example.com/a: no response",
    });
  });
});

describe("an origin of the configuration", () => {
  it("may have a private address and plain loopback", async () => {
    const origin = await listen((_req, res) => res.end("trusted"));
    const response = await guardedFetch({ trustedOrigins: [origin] })(`${origin}/keys`);
    expect(await response.text()).toBe("trusted");
  });

  it("may not use http elsewhere", async () => {
    const trustedOrigins = ["http://login.internal"];
    await expect(guardedFetch({ trustedOrigins })("http://login.internal/")).rejects.toEqual(
      refused,
    );
  });

  it("does not make other ports trusted", async () => {
    const origin = await listen((_req, res) => res.end());
    const other = await listen((_req, res) => res.end());
    await expect(guardedFetch({ trustedOrigins: [origin] })(other)).rejects.toEqual(refused);
  });
});

describe("a response", () => {
  it("is complete, with its status, headers and URL", async () => {
    const origin = await listen((_req, res) => {
      res.writeHead(404, { "content-type": "application/json", "x-one": "1" }).end('{"a":1}');
    });
    const response = await guardedFetch(local)(`${origin}/keys`);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.headers.get("x-one")]).toEqual([404, "1"]);
    expect(response.url).toBe(`${origin}/keys`);
    expect(await response.json()).toEqual({ a: 1 });
  });

  it("without a body is accepted", async () => {
    const origin = await listen((_req, res) => res.writeHead(204).end());
    expect((await guardedFetch(local)(origin)).status).toBe(204);
  });

  it("that is too large is refused", async () => {
    const origin = await listen((_req, res) => res.end("x".repeat(1001)));
    const fetchSafely = guardedFetch({ ...local, maxResponseBytes: 1000 });
    await expect(fetchSafely(origin)).rejects.toMatchObject({ reason: "malformed" });
  });

  it("that grows when it is decompressed is counted after decompression", async () => {
    const encodings: unknown[] = [];
    const origin = await listen((req, res) => {
      encodings.push(req.headers["accept-encoding"]);
      const body = gzipSync(Buffer.alloc(50_000_000));
      res.writeHead(200, { "content-encoding": "gzip" }).end(body);
    });
    await expect(guardedFetch(local)(origin)).rejects.toMatchObject({ reason: "malformed" });
    expect(encodings).toEqual(["identity"]);
  });

  it("that was compressed all the same is read", async () => {
    const origin = await listen((_req, res) => {
      res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("small"));
    });
    const response = await guardedFetch(local)(origin);
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe("small");
  });

  it("that does not arrive in time is refused", async () => {
    const origin = await listen(() => undefined);
    const fetchSafely = guardedFetch({ ...local, timeoutMs: 20 });
    await expect(fetchSafely(origin)).rejects.toMatchObject({ reason: "timeout" });
  });

  it("whose body does not end in time is refused", async () => {
    const origin = await listen((_req, res) => void res.writeHead(200).write("{"));
    const fetchSafely = guardedFetch({ ...local, timeoutMs: 100 });
    await expect(fetchSafely(origin)).rejects.toMatchObject({ reason: "timeout" });
  });

  it("is not awaited when the caller aborts, and the reason is the caller's", async () => {
    const controller = new AbortController();
    const origin = await listen(() => controller.abort(new Error("no longer needed")));
    const pending = guardedFetch(local)(origin, { signal: controller.signal });
    await expect(pending).rejects.toThrow("no longer needed");
  });
});

describe("a request", () => {
  it("is sent with its method, headers and body", async () => {
    let received = "";
    const origin = await listen((req, res) => {
      req.on("data", (chunk) => {
        received += chunk;
      });
      req.on("end", () => res.end(`${req.method} ${req.headers["x-one"]}`));
    });
    const body = new URLSearchParams({ code: "1" });
    const request = new Request(origin, { method: "POST", headers: { "x-one": "1" }, body });
    const response = await guardedFetch(local)(request);
    expect([await response.text(), received]).toEqual(["POST 1", "code=1"]);
  });
});

describe("the options", () => {
  it.each([
    [{ timeoutMs: 0 }, "timeoutMs"],
    [{ maxResponseBytes: 1.5 }, "maxResponseBytes"],
    [{ maxRedirects: -1 }, "maxRedirects"],
    [{ trustedOrigins: ["https://as.example.com/path"] }, "trustedOrigins"],
    [{ trustedOrigin: [] }, "trustedOrigin: unknown option"],
  ])("are checked: %o", (options, message) => {
    expect(() => guardedFetch(options as GuardedFetchOptions)).toThrow(message);
  });
});
