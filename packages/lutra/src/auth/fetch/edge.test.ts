import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { guardedFetch } from "./edge.ts";
import { allowLoopback } from "./options.ts";

it.each(["https://10.0.0.1/", "https://[fd00::1]/", "https://localhost/", "http://example.com/"])(
  "the fetch of edge platforms refuses %s",
  async (url) => {
    await expect(guardedFetch()(url)).rejects.toMatchObject({ reason: "refused" });
  },
);

it("the fetch of edge platforms bounds the body and refuses redirects", async () => {
  const server = createServer((req, res) => {
    if (req.url === "/large") res.end("x".repeat(2000));
    else res.writeHead(302, { location: "/large" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetchSafely = guardedFetch({ maxResponseBytes: 1000, [allowLoopback]: true });
  await expect(fetchSafely(`${origin}/large`)).rejects.toMatchObject({ reason: "malformed" });
  await expect(fetchSafely(origin)).rejects.toMatchObject({ reason: "refused" });
});
