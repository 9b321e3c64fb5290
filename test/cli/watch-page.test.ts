/** `--watch` and files that a module reads: pages of apps, the files of a bundle, folders of skills. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Client, createClient, noResponseCache } from "lutra/client";
import { expect, it, onTestFinished } from "vitest";
import { type ChangingModule, changingModule } from "./changing-module.ts";
import { endLutra, runLutra, untilListening } from "./run-lutra.ts";

const page = (text: string) => `<!doctype html><title>Page</title><p>${text}</p>`;

const server = `import { app, apps } from "lutra/apps";
import { createServer } from "lutra/server";
import { skills } from "lutra/skills";

const at = (name) => new URL(name, import.meta.url);
const whole = app({ tool: { name: "whole", call: () => "text" }, resource: { file: at("page.html") } });
const built = app({ tool: { name: "built", call: () => "text" }, resource: { bundle: at("index.html") } });
export default createServer({
  name: "pages",
  version: "1.0.0",
  tools: [whole.tool, built.tool],
  resources: [whole.resource, built.resource],
  extensions: [apps(), skills({ from: at("skills") })],
});
`;

const skill = (text: string) => `---
name: greet
description: Greets
---
${text}
`;

function changingPages(): ChangingModule & { readonly folder: string } {
  const module = changingModule({
    "server.ts": server,
    "page.html": page("one"),
    "index.html":
      '<!doctype html><link rel="stylesheet" href="style.css"><script src="main.js"></script>',
    "style.css": "p { color: red }",
    "main.js": "// one",
    "gateway.json": JSON.stringify({
      listen: { port: 0 },
      admin: false,
      log: false,
      upstreams: { pages: { module: "./server.ts", replicas: 2 } },
    }),
  });
  const folder = dirname(module.path);
  mkdirSync(join(folder, "skills/greet"), { recursive: true });
  writeFileSync(join(folder, "skills/greet/SKILL.md"), skill("one"));
  return { ...module, folder };
}

async function textOf(client: Client, uri: string): Promise<string> {
  const { contents } = await client.readResource(uri);
  return (contents[0] as { text: string }).text;
}

it.each([
  ["serve", "server.ts", []],
  ["up", "server.ts", ["--replicas", "2"]],
  ["gateway", "gateway.json", []],
] as const)(
  "lutra %s reloads when a file that the module reads changes",
  async (name, file, more) => {
    const { folder, write } = changingPages();
    const port = name === "gateway" ? [] : ["--port", "0"];
    const lutra = await untilListening(
      runLutra(name, join(folder, file), "--watch", ...port, ...more),
    );
    const client = createClient(lutra.url, { cache: noResponseCache });
    onTestFinished(() => client.close());
    const subscription = await client.listen({
      resourcesListChanged: true,
      resourceSubscriptions: ["ui://whole"],
    });
    onTestFinished(() => subscription.close());
    const changes = subscription[Symbol.asyncIterator]();
    const expectChanged = async () => {
      const methods = [(await changes.next()).value?.method, (await changes.next()).value?.method];
      expect(methods.toSorted()).toEqual([
        "notifications/resources/list_changed",
        "notifications/resources/updated",
      ]);
    };
    write("page.html", page("two"));
    await expectChanged();
    expect(await textOf(client, "ui://whole")).toBe(page("two"));
    write("style.css", "p { color: blue }");
    await expectChanged();
    expect(await textOf(client, "ui://built")).toContain("p { color: blue }");
    write("skills/greet/SKILL.md", skill("two"));
    await expectChanged();
    expect(await textOf(client, "skill://greet/SKILL.md")).toBe(skill("two"));
    await endLutra(lutra);
  },
);

it("reports a page that is not valid, and serves it once it is valid again", async () => {
  const { folder, write } = changingPages();
  const lutra = await untilListening(
    runLutra("serve", join(folder, "server.ts"), "--watch", "--port", "0"),
  );
  const client = createClient(lutra.url, { cache: noResponseCache });
  onTestFinished(() => client.close());
  write("page.html", "<p>no document type");
  await lutra.line(/app whole: resource: expected HTML that starts with <!doctype html>/);
  await lutra.line(/the previous version of .*server\.ts remains active$/);
  expect(await textOf(client, "ui://whole")).toBe(page("one"));
  write("page.html", page("three"));
  await lutra.line(/server\.ts: reloaded$/);
  expect(await textOf(client, "ui://whole")).toBe(page("three"));
  await endLutra(lutra);
});
