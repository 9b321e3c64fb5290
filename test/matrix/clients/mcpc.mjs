/** `mcpc`, which keeps a connection between its commands. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandOf } from "./command.mjs";
import { commonFeatures, tryFeatures } from "./harness.mjs";

const home = mkdtempSync(join(tmpdir(), "lutra-mcpc-"));
process.env.HOME = home;
process.env.MCPC_HOME_DIR = join(home, ".mcpc");
process.on("exit", () => rmSync(home, { recursive: true, force: true }));
const mcpc = commandOf("@apify/mcpc", "mcpc");

await tryFeatures({
  connect: async (target) => {
    const file = join(home, "servers.json");
    writeFileSync(file, JSON.stringify({ mcpServers: { one: target } }));
    await mcpc(["--json", "connect", `${file}:one`, "@one"]);
    return "@one";
  },
  close: (session) => mcpc([session, "close"]),
  features: commonFeatures({
    list: async (session) => JSON.parse(await mcpc(["--json", session, "tools-list"])),
    call: async (session, name, args) =>
      JSON.parse(await mcpc(["--json", session, "tools-call", name, JSON.stringify(args)])),
    read: async (session, uri) =>
      JSON.parse(await mcpc(["--json", session, "resources-read", uri])),
  }),
});
