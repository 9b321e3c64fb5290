/** Official clients, of both versions of the SDK, that sign in to a protected server and to a gateway. */
import {
  Client as Client2,
  StreamableHTTPClientTransport as Transport2,
} from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOfficialProvider, type OfficialProvider } from "./fixtures/official-provider.ts";
import { type ProtectedPair, registeredId, startProtectedPair } from "./protected-pair.ts";
import { signInAs } from "./scripted-user.ts";

/** A client of one version, as far as these tests use it. */
interface Official {
  readonly call: (tool: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Connects a client. The user signs in as often as it asks for it. */
type Connect = (url: URL, authProvider: OfficialProvider) => Promise<Official>;

const info = { name: "official", version: "1.0.0" };

async function returned(provider: OfficialProvider): Promise<URLSearchParams> {
  return new URL((await signInAs("ann", provider.page())).url).searchParams;
}

/** Runs work again after the sign-in that it has asked for. */
async function signedIn<T>(work: () => Promise<T>, finish: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!/unauthorized/i.test(String(error))) throw error;
    await finish();
    return work();
  }
}

const connect1: Connect = async (url, authProvider) => {
  let transport = new Transport1(url, { authProvider });
  let client = new Client1(info);
  const finish = async () => transport.finishAuth((await returned(authProvider)).get("code") ?? "");
  const connect = async () => {
    transport = new Transport1(url, { authProvider });
    client = new Client1(info);
    // The SDK is not compiled with exact optional types.
    await client.connect(transport as unknown as Transport);
  };
  await signedIn(connect, finish);
  return {
    call: async (name) => (await signedIn(() => client.callTool({ name }), finish)).content,
    close: () => client.close(),
  };
};

const connect2: Connect = async (url, authProvider) => {
  let transport = new Transport2(url, { authProvider });
  let client = new Client2(info);
  const finish = async () => transport.finishAuth(await returned(authProvider));
  const connect = async () => {
    transport = new Transport2(url, { authProvider });
    client = new Client2(info, { versionNegotiation: { mode: "auto" } });
    await client.connect(transport);
  };
  await signedIn(connect, finish);
  return {
    call: async (name) => (await signedIn(() => client.callTool({ name }), finish)).content,
    close: () => client.close(),
  };
};

describe.each([
  { name: "the client of the SDK 1.32", connect: connect1, stepsUp: false },
  { name: "the client 2.4.0", connect: connect2, stepsUp: true },
])("$name", ({ connect, stepsUp }) => {
  let pair: ProtectedPair;

  beforeAll(async () => {
    pair = await startProtectedPair();
  });

  afterAll(() => pair.close());

  it("signs in to a protected server", async () => {
    // The client 2.4.0 registers itself for the scopes of the first challenge alone.
    const provider = createOfficialProvider(registeredId);
    const client = await connect(new URL(pair.server.url), provider);
    expect(await client.call("whoami")).toEqual([{ type: "text", text: `${pair.issuer} ann` }]);
    expect(provider.scopes()).not.toContain("books:write");
    // With a refresh token, the SDK 1 refreshes the token instead of asking the user for the scope.
    const further = client.call("write");
    if (stepsUp) expect(await further).toEqual([{ type: "text", text: "written" }]);
    else await expect(further).rejects.toThrow("403");
    expect(provider.scopes().includes("books:write")).toBe(stepsUp);
    await client.close();
  });

  it("signs in to a gateway with the same authorization server", async () => {
    const client = await connect(new URL(pair.gatewayUrl), createOfficialProvider());
    expect(await client.call("hello")).toEqual([{ type: "text", text: "hello" }]);
    await client.close();
  });
});
