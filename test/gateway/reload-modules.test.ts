/** A configuration in TypeScript or JavaScript, and the modules that it imports, are read again. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createClient } from "lutra/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runLutra, untilListening } from "../cli/run-lutra.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

let upstreams: Record<"a" | "b" | "c", RecordingUpstream>;
beforeAll(async () => {
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => startRecordingUpstream(name)));
  upstreams = { a, b, c } as typeof upstreams;
});
afterAll(async () => {
  for (const upstream of Object.values(upstreams)) await upstream.close();
});

type Name = keyof typeof upstreams;

/** A configuration whose upstream another module names, and the text of that module. */
const forms = {
  ts: {
    config: 'import { url } from "./settings/url"; export default configOf(url);',
    imported: "settings/url.ts",
    text: (name: Name) => `export const url: string = "${upstreams[name].url}";`,
  },
  mjs: {
    config: 'import { url } from "./settings/url.mjs"; export default configOf(url);',
    imported: "settings/url.mjs",
    text: (name: Name) => `export const url = "${upstreams[name].url}";`,
  },
  js: {
    config: 'const url = require("./settings/url.js"); module.exports = configOf(url);',
    imported: "settings/url.js",
    text: (name: Name) => `module.exports = "${upstreams[name].url}";`,
  },
};

const configOf = `
  function configOf(url) {
    return { listen: { port: 0 }, admin: false, log: false, upstreams: { only: { url } } };
  }`;

const folders = [
  ["ts", "module"],
  ["ts", "commonjs"],
  ["ts", undefined],
  ["mjs", "module"],
  ["js", "commonjs"],
] as const;

describe.each(folders)('a configuration gateway.%s in a folder of "type": %j', (ending, type) => {
  it("is read again with the modules that it imports", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lutra-gateway-"));
    const { config, imported, text } = forms[ending];
    const write = (path: string, content: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, `${path}.new`), content);
      renameSync(join(folder, `${path}.new`), join(folder, path));
    };
    write("package.json", JSON.stringify({ type }));
    write(imported, text("a"));
    write(`gateway.${ending}`, config + configOf);
    const lutra = runLutra("gateway", join(folder, `gateway.${ending}`));
    onTestFinished(async () => {
      lutra.child.kill("SIGKILL");
      await lutra.closed;
      rmSync(folder, { recursive: true });
    });
    const { url } = await untilListening(lutra);
    expect(await nameOf(url)).toBe("a");

    write(imported, text("b"));
    await lutra.line(/: reloaded$/);
    expect(await nameOf(url)).toBe("b");

    write(`gateway.${ending}`, `${config.replace("(url)", `("${upstreams.c.url}")`)}${configOf}`);
    await lutra.line(/: reloaded$/);
    expect(await nameOf(url)).toBe("c");
  });
});

async function nameOf(url: string): Promise<string | undefined> {
  const client = createClient(url);
  const { content } = await client.callTool("who");
  await client.close();
  const [first] = content;
  return first?.type === "text" ? first.text : undefined;
}
