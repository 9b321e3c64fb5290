import { describe, expect, it } from "vitest";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { metaOf, peerError, scripted } from "./fixtures/scripted-server.ts";

const versionKey = "io.modelcontextprotocol/protocolVersion";
const versionOf = (request: JSONRPCRequest) => metaOf(request)[versionKey];

/** Creates a server that supports one version and lists others. */
function speaks(version: string, supported: unknown = [version]) {
  return (request: JSONRPCRequest): Result | undefined => {
    if (versionOf(request) === version) return undefined;
    throw peerError(-32022, { supported, requested: versionOf(request) });
  };
}

describe("a server that does not support the version", () => {
  it("gets the request again with a new id in a common version", async () => {
    const server = scripted(speaks("2026-07-28", ["2030-01-01", "2026-07-28"]), {
      versions: ["2027-01-01", "2026-07-28"],
    });
    await server.client.listTools();
    expect(server.requests.map(versionOf)).toEqual(["2027-01-01", "2026-07-28"]);
    expect(server.requests[0]?.id).not.toBe(server.requests[1]?.id);
  });

  it("gets later requests in that version", async () => {
    const server = scripted(speaks("2026-07-28"), { versions: ["2027-01-01", "2026-07-28"] });
    await server.client.listTools();
    await server.client.callTool("add");
    expect(server.requests.map(versionOf)).toEqual(["2027-01-01", "2026-07-28", "2026-07-28"]);
  });

  it("gets the request again also when it lists the version just sent", async () => {
    const server = scripted((_request, _context, count) => {
      if (count > 1) return undefined;
      throw peerError(-32022, { supported: ["2026-07-28"], requested: "2026-07-28" });
    });
    await server.client.listTools();
    expect(server.requests.map(versionOf)).toEqual(["2026-07-28", "2026-07-28"]);
  });

  it("gets a request at most twice", async () => {
    const server = scripted(speaks("never", ["2026-07-28"]));
    await expect(server.client.listTools()).rejects.toMatchObject({
      reason: "unsupportedProtocolVersion",
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ["no common version", ["2025-11-25"]],
    ["no list", undefined],
    ["nonsense", "2026-07-28"],
  ])("is reported to the user with %s", async (_what, supported) => {
    const server = scripted(speaks("never", supported));
    await expect(server.client.listTools()).rejects.toMatchObject({
      name: "ProtocolError",
      peer: true,
      reason: "unsupportedProtocolVersion",
    });
    expect(server.requests).toHaveLength(1);
  });
});

it("server/discover selects the version of later requests", async () => {
  const versions = ["2027-01-01", "2026-07-28"];
  const server = scripted(
    ({ method }) =>
      method === "server/discover"
        ? { supportedVersions: ["2026-07-28"], capabilities: {}, ttlMs: 0, cacheScope: "public" }
        : undefined,
    { versions },
  );
  await server.client.discover();
  await server.client.listTools();
  expect(server.requests.map(versionOf)).toEqual(versions);
});

it("a client's own error does not start a renegotiation", async () => {
  const { ProtocolError } = await import("../protocol/errors.ts");
  const server = scripted(() => {
    const data = { supported: ["2026-07-28"] };
    throw new ProtocolError("unsupportedProtocolVersion", "local", { data });
  });
  await expect(server.client.listTools()).rejects.toMatchObject({ peer: false });
  expect(server.requests).toHaveLength(1);
});
