/** `--watch` of `lutra serve` and `lutra up` for a protected server: each version is protected. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "lutra/client";
import { expect, it, onTestFinished } from "vitest";
import { changingModule, versionServer } from "./changing-module.ts";
import { endLutra, startLutra } from "./run-lutra.ts";

/** Verifies the tokens of an issuer of its own, and writes one with the scope `read` to a file. */
const auth = `import { writeFileSync } from "node:fs";
import { protect } from "lutra/auth";
import { createTestIssuer } from "lutra/testing";

const issuer = await createTestIssuer({ resource: "https://changing.example.com/mcp" });
const token = await issuer.token({ scope: "read", sub: "ana" });
writeFileSync(new URL("token", import.meta.url), token);
export default protect(issuer.options);
`;

/** Returns the source of a version with one tool of its own, which requires a scope. */
function versionWith(version: string, scope: string): string {
  return versionServer(
    version,
    `const scoped = defineTool({
      name: "scoped",
      scopes: ["${scope}"],
      call: (_args, { principal }) => principal.id + " at ${version}",
    });`,
  ).replace("tools: [", "tools: [scoped, ");
}

it.each([
  ["serve", []],
  ["up", ["--replicas", "2"]],
])("reloads a protected module of lutra %s %j", async (command, options) => {
  const { path, write } = changingModule({
    "auth.mjs": auth,
    "server.ts": versionWith("one", "read"),
  });
  const protection = ["--auth", join(path, "../auth.mjs")];
  const lutra = await startLutra(command, path, "--watch", ...options, ...protection);
  const connect = (headers: { readonly [name: string]: string }) => {
    const client = createClient(lutra.url, { headers });
    onTestFinished(() => client.close());
    return client;
  };
  const token = readFileSync(join(path, "../token"), "utf8");
  const client = connect({ authorization: `Bearer ${token}` });
  const scoped = async () => JSON.stringify((await client.callTool("scoped")).content);
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  const subscription = await client.listen({ toolsListChanged: true });
  const changes = subscription[Symbol.asyncIterator]();
  expect(await scoped()).toContain("ana at one");

  write("server.ts", versionWith("two", "read"));
  await lutra.line(/server\.ts: reloaded$/);
  expect(await changes.next()).toMatchObject({
    value: { method: "notifications/tools/list_changed" },
  });
  expect(await scoped()).toContain("ana at two");
  expect(await names()).toContain("version-two");
  await expect(connect({}).callTool("version-two")).rejects.toMatchObject({ status: 401 });

  // The scopes of a new version apply to the tokens of before.
  write("server.ts", versionWith("three", "admin"));
  await lutra.line(/server\.ts: reloaded$/);
  await changes.next();
  await expect(scoped()).rejects.toMatchObject({ status: 403 });
  expect(await names()).toContain("version-three");
  await subscription.close();
  await endLutra(lutra);
});
