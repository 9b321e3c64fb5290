/** The MCP Inspector as a command. The second argument is its `--protocol-era`, or `default`. */
import { commandOf } from "./command.mjs";
import { commonFeatures, tryFeatures } from "./harness.mjs";

const inspect = commandOf("@modelcontextprotocol/inspector", "mcp-inspector");
const era = process.argv[3] === "default" ? [] : ["--protocol-era", process.argv[3]];
const ask = async (target, ...args) => {
  const server = target.url ? [target.url, ...era] : [...era, target.command, ...target.args];
  return JSON.parse(await inspect(["--cli", ...server, ...args, "--format", "json"]));
};
const pairs = (args) =>
  Object.entries(args).flatMap(([key, value]) => ["--tool-arg", `${key}=${value}`]);

await tryFeatures({
  connect: async (target) => target,
  close: () => {},
  features: commonFeatures({
    list: async (target) => {
      const answer = await ask(target, "--method", "tools/list");
      return (answer.result ?? answer).tools;
    },
    call: async (target, name, args) => {
      const words = ["--method", "tools/call", "--tool-name", name, ...pairs(args)];
      const answer = await ask(target, ...words);
      return answer.result ?? answer;
    },
    read: (target, uri) => ask(target, "--method", "resources/read", "--uri", uri),
  }),
});
