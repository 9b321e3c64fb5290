/** `mcp-use`, whose client is in version 1. */
import { MCPClient } from "mcp-use";
import { answers, commonFeatures, tryFeatures } from "./harness.mjs";

const common = commonFeatures({
  list: (session) => session.listTools(),
  call: (session, name, args) => session.callTool(name, args),
  read: (session, uri) => session.readResource(uri),
});
let owner;

await tryFeatures({
  connect: async (target) => {
    owner = new MCPClient(
      { mcpServers: { one: target } },
      { onElicitation: async () => answers.elicitation, onSampling: async () => answers.sampling },
    );
    return await owner.createSession("one");
  },
  close: () => owner.closeAllSessions(),
  features: { ...common, elicitation: common.calls, sampling: common.calls },
});
