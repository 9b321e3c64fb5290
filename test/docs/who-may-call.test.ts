/** Runs the programs and configurations of docs/who-may-call.md, with a provider on this machine. */
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBlocks } from "../../tools/docs-blocks.ts";
import { send } from "../cli/http.ts";
import {
  endLutra,
  type RunningLutra,
  type RunningServer,
  runLutra,
  runProgram,
  startLutra,
  untilListening,
} from "../cli/run-lutra.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".lutra/who-may-call");
const blocks = readBlocks(root).filter(({ path }) => path === "docs/who-may-call.md");
const fileAt = (name: string) => join(folder, name);
const audience = "https://library.example.com/mcp";

let issuer = "";
let sign: (claims: object, audience?: string, expires?: string) => Promise<string>;
let isIssuerUp = true;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" };
  const provider = createServer((req, res) => {
    if (!isIssuerUp) return void res.destroy();
    const isMetadata = req.url === "/.well-known/oauth-authorization-server";
    const document = isMetadata ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: [jwk] };
    res.setHeader("content-type", "application/json").end(JSON.stringify(document));
  });
  await once(provider.listen(0, "127.0.0.1"), "listening");
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  sign = (claims, to = audience, expires = "1h") =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one", typ: "at+jwt" })
      .setIssuer(issuer)
      .setAudience(to)
      .setExpirationTime(expires)
      .sign(privateKey);
  writePage();
  return () => {
    provider.closeAllConnections();
    provider.close();
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes the named blocks, with the address of the provider and with free ports. */
function writePage(): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, text } of blocks) {
    if (name === undefined) continue;
    const changed = text
      .replace("https://login.example.com", issuer)
      .replace("port: 3000", "port: 0");
    const listen = name.endsWith(".yaml") ? "listen: { port: 0 }\nadmin: false\nlog: false\n" : "";
    writeFileSync(fileAt(name), listen + changed);
  }
  const tokens = blocks.find(({ shown }) => shown.startsWith("# id"))?.shown ?? "";
  writeFileSync(fileAt("callers.txt"), tokens);
}

async function call({ url }: RunningServer, tool: string, token?: string) {
  const response = await send(
    url,
    "tools/call",
    { name: tool, arguments: tool === "add_book" ? { title: "Momo" } : {} },
    {
      headers: {
        "content-type": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": tool,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    },
  );
  const { result } = await response.json();
  return [response.status, result?.content?.[0]?.text ?? response.headers.get("www-authenticate")];
}

const invalid = [401, 'Bearer error="invalid_token"'];

describe("static tokens", () => {
  const pageTokens = () =>
    (blocks.find(({ shown }) => shown.startsWith("# id"))?.shown ?? "")
      .split("\n")
      .slice(1)
      .map((line) => line.split(/\s+/)[1] ?? "");

  async function expectTokens(server: RunningServer, [ana, bot]: readonly string[]) {
    expect(await call(server, "whoami")).toEqual([401, "Bearer"]);
    expect(await call(server, "whoami", "x".repeat(44))).toEqual(invalid);
    expect(await call(server, "whoami", ana)).toEqual([200, "ana"]);
    expect(await call(server, "add_book", ana)).toEqual([200, "Added Momo"]);
    if (bot === undefined) return;
    const insufficient = 'Bearer error="insufficient_scope", scope="books:write"';
    expect(await call(server, "add_book", bot)).toEqual([403, insufficient]);
  }

  it.each([["serve"], ["up"]])("lutra %s reads the file of the page", async (command) => {
    const server = await startLutra(
      command,
      fileAt("server.ts"),
      "--token-file",
      fileAt("callers.txt"),
    );
    await expectTokens(server, pageTokens());
    await endLutra(server);
  });

  it("the program of the page takes them from the environment", async () => {
    const program = runProgram(fileAt("serve-tokens.ts"), { ANA_TOKEN: "a".repeat(44) });
    const server = await untilListening(program);
    await expectTokens(server, ["a".repeat(44)]);
    await stop(program);
  });

  it("the gateway of the page takes them from the environment", async () => {
    const env = { ANA_TOKEN: "a".repeat(44), BOT_TOKEN: "b".repeat(44) };
    const gateway = await untilListening(runLutra("gateway", fileAt("gateway.yaml"), env));
    await expectTokens(gateway, [env.ANA_TOKEN, env.BOT_TOKEN]);
    await endLutra(gateway);
  });
});

const metadata =
  'resource_metadata="https://library.example.com/.well-known/oauth-protected-resource/mcp"';

describe("tokens of an authorization server", () => {
  const start: readonly (readonly [
    string,
    () => RunningLutra,
    (lutra: RunningLutra) => Promise<void>,
  ])[] = [
    ["serve-auth.ts", () => runProgram(fileAt("serve-auth.ts")), stop],
    ...["serve", "up"].map(
      (command) =>
        [
          `lutra ${command}`,
          () => runLutra(command, fileAt("server.ts"), "--port", "0", "--auth", fileAt("auth.ts")),
          endLutra,
        ] as const,
    ),
    [
      "lutra gateway",
      () => {
        const auth = "auth:\n  module: auth.ts\nupstreams:\n  library:\n    module: server.ts\n";
        const listen = "listen: { port: 0 }\nadmin: false\nlog: false\n";
        writeFileSync(fileAt("jwt.yaml"), listen + auth);
        return runLutra("gateway", fileAt("jwt.yaml"));
      },
      endLutra,
    ],
  ];

  it.each(start)("are verified by auth.ts in %s", async (_what, run, end) => {
    isIssuerUp = false;
    const server = await untilListening(run());
    const good = await sign({ sub: "ana", scope: "books:read books:write" });
    expect(await call(server, "whoami")).toEqual([401, `Bearer ${metadata}`]);
    expect(await call(server, "whoami", good)).toEqual([503, null]);
    isIssuerUp = true;
    const isServed = async () => (await call(server, "whoami", good))[0];
    await expect.poll(isServed, { timeout: 20_000, interval: 500 }).toBe(200);
    expect(await call(server, "whoami", good)).toEqual([200, `${issuer} ana`]);
    expect(await call(server, "add_book", good)).toEqual([200, "Added Momo"]);
    const reader = await sign({ sub: "bo", scope: "books:read" });
    expect(await call(server, "add_book", reader)).toEqual([
      403,
      `Bearer error="insufficient_scope", scope="books:write", ${metadata}`,
    ]);
    const foreign = await sign({ sub: "ana" }, "https://other.example.com/mcp");
    const expired = await sign({ sub: "ana" }, audience, "-1h");
    const unsigned = `${good.slice(0, -8)}AAAAAAAA`;
    for (const token of [foreign, expired, unsigned, "not.a.token"]) {
      expect(await call(server, "whoami", token)).toEqual([
        401,
        expect.stringMatching(
          /^Bearer error="invalid_token", error_description="[^"]+", resource_m/,
        ),
      ]);
    }
    for (const path of ["/mcp", ""]) {
      const url = new URL(`/.well-known/oauth-protected-resource${path}`, server.url);
      const response = await fetch(url);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(await response.json()).toMatchObject({
        resource: audience,
        authorization_servers: [issuer],
      });
    }
    await end(server);
  });
});

async function stop({ child, closed }: RunningLutra): Promise<void> {
  child.kill("SIGKILL");
  await closed;
}
