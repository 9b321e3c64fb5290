import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runLutra, runNodeIn, runProgram } from "../cli/run-lutra.ts";
import { permitSecretsIn } from "../secrets/registered-secrets.ts";
import { type AuthorizationServer, startAuthorizationServer } from "./authorization-server.ts";
import { type ProtectedServer, startProtectedServer } from "./protected-server.ts";
import { signInAs } from "./scripted-user.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
let server: ProtectedServer;
let as: AuthorizationServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lutra-login-"));
  permitSecretsIn(join(folder, "lutra", "tokens.json"), "the store of a user without a keyring");
  server = await startProtectedServer({ scopes: ["books:read"] });
  as = await startAuthorizationServer({
    resource: () => server.url,
    scopes: ["books:read", "books:write"],
  });
  server.trust(as.issuer);
});

afterAll(async () => {
  await Promise.all([server.close(), as.close()]);
  await rm(folder, { recursive: true });
});

const environment = () => ({ XDG_STATE_HOME: folder, LUTRA_LOG: "" });

it("signs in, keeps the tokens in a file of the user, and signs out", async () => {
  const login = runLutra("login", server.url, "--print-url", environment());
  const [, url = ""] = await login.line(/^Sign in in your browser: (\S+)$/);
  await signInAs("ann", url);
  expect(await login.exited).toBe(0);
  expect(login.stdout).toEqual([`Signed in to ${server.url}`]);

  const path = join(folder, "lutra", "tokens.json");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, "lutra"))).toEqual(["tokens.json"]);
  const { entries } = JSON.parse(await readFile(path, "utf8"));
  const tokens = Object.entries<{ value: string }>(entries).find(([key]) => key.includes("tokens"));
  const { accessToken, refreshToken } = JSON.parse(tokens?.[1].value ?? "{}");
  const output = [...login.stdout, ...login.stderr].join("\n");
  expect(output).not.toContain(accessToken);
  expect(output).not.toContain(refreshToken);

  const again = runLutra("login", server.url, "--print-url", environment());
  expect(await again.exited).toBe(0);
  expect(again.stderr).toEqual([]);

  const logout = runLutra("logout", server.url, environment());
  expect(await logout.exited).toBe(0);
  expect(logout.stdout).toEqual([`Signed out of ${server.url}`]);
  expect(as.seen.filter(({ path }) => path === "/token/revocation")).toHaveLength(1);
  expect(await readFile(path, "utf8")).not.toContain(refreshToken);

  const none = runLutra("logout", server.url, environment());
  expect(await none.exited).toBe(0);
  expect(none.stdout).toEqual([`There were no tokens for ${server.url}`]);
});

it("processes at the same time refresh the tokens once, since a refresh token is used once", async () => {
  const asAnn = ["--as", "ann"];
  const login = runLutra("login", server.url, ...asAnn, "--print-url", environment());
  const [, url = ""] = await login.line(/^Sign in in your browser: (\S+)$/);
  await signInAs("ann", url);
  expect(await login.exited).toBe(0);
  await expireTokens(join(folder, "lutra", "tokens.json"));
  const requests = () => as.seen.filter(({ path }) => path === "/token").length;
  const before = requests();
  const calls = [1, 2, 3].map(() =>
    runLutra("call", server.url, "whoami", ...asAnn, environment()),
  );
  expect(await Promise.all(calls.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  expect(requests() - before).toBe(1);
  // The authorization server would have revoked all tokens after a second use.
  const later = runLutra("call", server.url, "whoami", ...asAnn, environment());
  expect(await later.exited).toBe(0);
  expect(requests() - before).toBe(1);
  expect(await runLutra("logout", server.url, ...asAnn, environment()).exited).toBe(0);
});

/** Lets the access tokens in a store expire. */
async function expireTokens(path: string): Promise<void> {
  const store = JSON.parse(await readFile(path, "utf8"));
  for (const entry of Object.values<{ value: string }>(store.entries)) {
    const value = JSON.parse(entry.value);
    if ("accessToken" in value) entry.value = JSON.stringify({ ...value, expiresAt: 1 });
  }
  await writeFile(path, JSON.stringify(store));
}

it("lets commands act as one of several sign-ins, and never uses one unasked", async () => {
  for (const name of ["ann", "bob"]) {
    const login = runLutra("login", server.url, "--as", name, "--print-url", environment());
    const [, url = ""] = await login.line(/^Sign in in your browser: (\S+)$/);
    await signInAs(name, url);
    expect(await login.exited).toBe(0);
    expect(login.stdout).toEqual([`Signed in to ${server.url} as ${name}`]);
  }
  const call = async (...words: readonly string[]) => {
    const { exited, closed, stdout, stderr } = runLutra(
      "call",
      server.url,
      ...words,
      environment(),
    );
    const code = await exited;
    await closed;
    return { code, stdout, stderr: stderr.join("\n") };
  };
  const [ann, bob] = [await call("whoami", "--as", "ann"), await call("whoami", "--as", "bob")];
  expect(ann).toMatchObject({ code: 0, stdout: [expect.stringContaining("ann")] });
  expect(bob).toMatchObject({ code: 0, stdout: [expect.stringContaining("bob")] });
  expect((await call("whoami")).code).toBe(4);
  const unknown = await call("whoami", "--as", "eve");
  expect(unknown).toMatchObject({ code: 1, stdout: [] });
  expect(unknown.stderr).toContain(`not signed in as eve; run: lutra login ${server.url} --as eve`);
  const more = await call("write", "--as", "ann");
  expect(more).toMatchObject({ code: 5, stdout: [] });
  expect(more.stderr).toContain(
    `the sign-in ann has ended, or lacks a scope that the request needs; run: lutra login ${server.url} --as ann`,
  );
  const logout = runLutra("logout", server.url, "--as", "bob", environment());
  expect(await logout.exited).toBe(0);
  expect(logout.stdout).toEqual([`Signed out of ${server.url} as bob`]);
  expect((await call("whoami", "--as", "bob")).code).toBe(1);
  expect((await call("whoami", "--as", "ann")).code).toBe(0);
}, 180_000);

it("is what examples/sign-in does before it lists the tools", async () => {
  const program = fileURLToPath(new URL("../../examples/sign-in/client.ts", import.meta.url));
  // Without programs on the path, no browser is opened.
  const example = runProgram(program, server.url, { ...environment(), PATH: "" });
  const [, url = ""] = await example.line(/^Sign in in your browser: (\S+)$/);
  await signInAs("ann", url);
  expect(await example.exited).toBe(0);
  expect(example.stdout.map((line) => line.trim())).toEqual(["whoami", "write"]);
});

it("names the package that the encryption of the file needs", async () => {
  const code = `
    import { createFileTokenStore } from "lutra/auth/client";
    await createFileTokenStore({ path: process.argv[1], encryption: "keyring" }).set("a", "1");`;
  const path = join(folder, "encrypted.json");
  const { stderr, exited } = runNodeIn(root, "--input-type=module", "-e", code, path);
  expect(await exited).toBe(1);
  expect(stderr.join("\n")).toContain("npm install @napi-rs/keyring");
});

it.each([
  [["login", "mcp.example"], "login: mcp.example: expected a URL"],
  [["login", "http://mcp.example/mcp"], "an http URL of this machine, got http://mcp.example"],
  [["login", "https://mcp.example/mcp", "--client-id", "a"], "--client-id and --issuer together"],
  [["login", "https://mcp.example/mcp", "--as", "a b"], "--as: expected a name of at most 64"],
  [
    ["list", "http://mcp.example/mcp", "--as", "ann"],
    "an http URL of this machine, got http://mcp",
  ],
  [["list", "--as", "ann", "--", "node"], "--as: not with node, which has no sign-in; remove it"],
])("refuses %j with an explanation", async (words, message) => {
  const { stderr, exited } = runLutra(...words, environment());
  expect(await exited).toBe(2);
  expect(stderr.join("\n")).toContain(message);
});
