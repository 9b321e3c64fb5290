/** `mcporter`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandOf } from "./command.mjs";
import { commonFeatures, tryFeatures } from "./harness.mjs";

const home = mkdtempSync(join(tmpdir(), "lutra-mcporter-"));
process.env.HOME = home;
process.on("exit", () => rmSync(home, { recursive: true, force: true }));
const mcporter = commandOf("mcporter", "mcporter");
const file = join(home, "mcporter.json");
const { tools } = commonFeatures({
  list: async () => {
    const answer = JSON.parse(await mcporter(["--config", file, "list", "one", "--json"]));
    return answer.tools;
  },
  call: async (_client, name, args) => {
    const words = ["--config", file, "call", `one.${name}`, "--args", JSON.stringify(args)];
    return await mcporter([...words, "--output", "json"]);
  },
  read: () => Promise.reject(new Error("has no command")),
});

await tryFeatures({
  connect: async (target) => {
    const server = target.url ? { baseUrl: target.url } : target;
    writeFileSync(file, JSON.stringify({ mcpServers: { one: server } }));
    return server;
  },
  close: () => {},
  features: { tools },
});
