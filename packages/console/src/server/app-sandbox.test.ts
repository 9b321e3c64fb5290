import { expect, it, onTestFinished } from "vitest";
import { openAppSandbox } from "./app-sandbox.ts";

async function open() {
  const sandbox = await openAppSandbox();
  onTestFinished(sandbox.close);
  const load = (host: string) => fetch(`${sandbox.origin}/?host=${encodeURIComponent(host)}`);
  return { ...sandbox, load };
}

it("answers no page before one is allowed", async () => {
  const { load } = await open();
  expect((await load("http://127.0.0.1:9464")).status).toBe(503);
});

it("serves the proxy for a page under each name of this machine, and for no other", async () => {
  const { allow, load } = await open();
  allow("http://127.0.0.1:9464");
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
    const response = await load(`http://${name}:9464`);
    expect(response.status).toBe(200);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain(`frame-ancestors http://${name}:9464`);
  }
  for (const other of ["http://127.0.0.1:9465", "http://example.com:9464", "null"]) {
    expect((await load(other)).status).toBe(403);
  }
});

it("serves nothing else", async () => {
  const { allow, origin, load } = await open();
  allow("http://127.0.0.1:9464");
  expect((await fetch(`${origin}/console/api/about`)).status).toBe(403);
  expect(await (await load("http://localhost:9464")).text()).toContain("<title>Sandbox</title>");
});
