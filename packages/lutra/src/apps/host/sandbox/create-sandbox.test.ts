import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createSandbox } from "./create-sandbox.ts";

const host = "https://chat.example.com";
const sandbox = createSandbox({ hosts: [host] });

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function get(query: Record<string, string>, method = "GET"): Response {
  const url = `https://sandbox.example/?${new URLSearchParams(query)}`;
  return sandbox.fetch(new Request(url, { method }));
}

const csp = (value: unknown) => JSON.stringify(value);

describe("a sandbox", () => {
  it("serves its page with a policy for the view", async () => {
    const response = get({ host, csp: csp({ connectDomains: ["https://api.example.com"] }) });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("<!doctype html>");
    expect(Object.fromEntries(response.headers)).toEqual({
      "cache-control": "no-store",
      "connection-allowlist": '("https://api.example.com"); redirects=allow',
      "content-security-policy": expect.stringContaining(
        `connect-src https://api.example.com; frame-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors ${host}`,
      ),
      "content-type": "text/html; charset=utf-8",
      "origin-agent-cluster": "?1",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-dns-prefetch-control": "off",
    });
  });

  it.each([
    ["without a host", {}, 403],
    ["for another host", { host: "https://evil.example" }, 403],
    ["for a host with a directive", { host: `${host}; x` }, 403],
    ["for malformed JSON", { host, csp: "{" }, 400],
    ["for JSON other than an object", { host, csp: "[]" }, 400],
    [
      "for domains with a directive",
      { host, csp: csp({ frameDomains: ["https://x; frame-src *"] }) },
      400,
    ],
    ["for a wildcard", { host, csp: csp({ connectDomains: ["*"] }) }, 400],
  ])("refuses a request %s", async (_, query, status) => {
    const response = get(query as Record<string, string>);
    expect(response.status).toBe(status);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  it("answers only GET and HEAD", async () => {
    expect(get({ host }, "POST").status).toBe(405);
    expect(get({ host }, "POST").headers.get("allow")).toBe("GET");
    const head = get({ host }, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("allows eval if it is told to", () => {
    const lax = createSandbox({ hosts: [host], allowEval: true });
    const { headers } = lax.fetch(new Request(`https://sandbox.example/?host=${host}`));
    expect(headers.get("content-security-policy")).toContain("'unsafe-eval'");
  });

  it("serves requests of Node", async () => {
    const server = createServer(sandbox.node).listen(0, "127.0.0.1");
    open.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/any/path?host=${host}`);
    expect(response.headers.get("content-security-policy")).toContain(`frame-ancestors ${host}`);
    expect(await response.text()).toContain("<!doctype html>");
  });

  it.each([
    [{ hosts: [] }, "hosts: expected origins"],
    [{ hosts: ["https://chat.example.com/"] }, "hosts: expected origins"],
    [{ hosts: host }, "hosts: expected an array"],
    [{ hosts: [host], host }, "host: unknown option"],
  ])("refuses the options %j", (options, message) => {
    expect(() => createSandbox(options as never)).toThrow(message);
  });
});
