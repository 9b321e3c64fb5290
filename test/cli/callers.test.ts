/** The callers that `lutra serve` and `lutra up` accept. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { permitSecretsIn, registerSecret } from "../secrets/registered-secrets.ts";
import { send } from "./http.ts";
import { endLutra, type RunningServer, runLutra, startLutra } from "./run-lutra.ts";

const [anaToken, boToken] = [randomUUID(), randomUUID()];
for (const token of [anaToken, boToken]) registerSecret("static token", token);
const folder = mkdtempSync(join(tmpdir(), "lutra-callers-"));
const file = join(folder, "tokens");
permitSecretsIn(file, "the file of --token-file");
writeFileSync(file, `# id token scopes\nana ${anaToken} read write\nbo ${boToken}\n`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Call {
  readonly tool?: string;
  readonly authorization?: string;
  readonly principal?: string;
}

/** Calls a tool; returns the status, the challenge, and the text of the result. */
async function call({ url }: RunningServer, { tool = "who", ...headers }: Call = {}) {
  const { authorization, principal } = headers;
  const response = await send(
    url,
    "tools/call",
    { name: tool, arguments: {} },
    {
      headers: {
        "content-type": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": tool,
        ...(authorization !== undefined && { authorization }),
        ...(principal !== undefined && { "x-lutra-principal": principal }),
      },
    },
  );
  const { result } = await response.json();
  const text = result?.content[0].text;
  return { status: response.status, challenge: response.headers.get("www-authenticate"), text };
}

describe.each([
  ["serve", []],
  ["up", ["--replicas", "2"]],
])("lutra %s", (command, options) => {
  describe("with --token-file", () => {
    let server: RunningServer;
    beforeAll(async () => {
      server = await startLutra(command, "who-server.mjs", ...options, "--token-file", file);
      return () => endLutra(server);
    });

    it("refuses callers without a token, and with another one", async () => {
      expect(await call(server)).toMatchObject({ status: 401, challenge: "Bearer" });
      const authorization = "Bearer token-of-nobody-000";
      expect(await call(server, { authorization })).toMatchObject({
        status: 401,
        challenge: 'Bearer error="invalid_token"',
      });
    });

    it("passes the principal to handlers", async () => {
      const { text } = await call(server, { authorization: `Bearer ${anaToken}` });
      expect(JSON.parse(text)).toEqual({ id: "ana", scopes: ["read", "write"] });
    });

    it("refuses tools whose scopes the caller lacks", async () => {
      const ana = await call(server, { tool: "write", authorization: `Bearer ${anaToken}` });
      expect(ana).toMatchObject({ status: 200, text: "written" });
      const bo = await call(server, { tool: "write", authorization: `Bearer ${boToken}` });
      expect(bo).toMatchObject({
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="write"',
      });
    });
  });

  it("verifies credentials with the function of --auth", async () => {
    const server = await startLutra(command, "who-server.mjs", ...options, "--auth", "auth.mjs");
    expect(await call(server)).toMatchObject({ status: 401 });
    expect(await call(server, { authorization: "Bearer broken" })).toMatchObject({ status: 500 });
    const { text } = await call(server, { authorization: "Bearer cy" });
    expect(JSON.parse(text)).toEqual({ id: "cy", scopes: ["write"], claims: { iss: "test" } });
    await endLutra(server);
  });

  it("serves every caller without these options, and trusts no principal that a caller sends", async () => {
    const server = await startLutra(command, "who-server.mjs", ...options);
    const id = Buffer.from('{"id":"root","scopes":["write"]}').toString("base64url");
    expect(await call(server, { principal: `${id}.${id}` })).toMatchObject({ text: "null" });
    expect((await call(server, { tool: "write", principal: id })).status).toBe(401);
    await endLutra(server);
  });

  it.each([
    [["--token-file", "missing"], "lutra: --token-file missing: no such file"],
    [["--token-file", "auth.mjs"], "lutra: --token-file auth.mjs: line 1: expected an id, a token"],
    [["--token-file", "a", "--auth", "b"], "lutra: --token-file and --auth: expected one of them"],
    [
      ["--auth", "no-default.mjs"],
      "lutra: cannot use no-default.mjs: its default export is missing",
    ],
    [["--auth", "plain-server.mjs"], "its default export is not a function"],
  ])("does not start with %j", async (own, message) => {
    const lutra = runLutra(command, "who-server.mjs", "--port", "0", ...own);
    expect(await lutra.exited).not.toBe(0);
    await lutra.closed;
    expect(lutra.stderr.join("\n")).toContain(message);
    expect(lutra.stdout.join("\n")).not.toContain("listening");
  });
});

it("LUTRA_TOKENS has the format of the file, and is not shown in errors", async () => {
  const server = await startLutra("serve", "who-server.mjs", { LUTRA_TOKENS: `ana ${anaToken}` });
  expect((await call(server)).status).toBe(401);
  expect((await call(server, { authorization: `Bearer ${anaToken}` })).status).toBe(200);
  await endLutra(server);
  for (const LUTRA_TOKENS of ["", "ana secret"]) {
    const lutra = runLutra("serve", "who-server.mjs", "--port", "0", { LUTRA_TOKENS });
    expect(await lutra.exited).toBe(2);
    await lutra.closed;
    expect(lutra.stderr.join("\n")).toMatch(/^lutra: LUTRA_TOKENS: /);
    expect(lutra.stderr.join("\n")).not.toContain("secret");
  }
});

it("--stdio has no callers to verify, also by the other name of the option", async () => {
  const lutra = runLutra("serve", "who-server.mjs", "--stdio", "--tokens", file);
  expect(await lutra.exited).toBe(2);
  await lutra.closed;
  expect(lutra.stderr).toEqual([
    "lutra: --token-file: not with --stdio, which has no credentials; remove it",
  ]);
});
