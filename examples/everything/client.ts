/**
 * The client for the scenarios of the official conformance suite. The suite passes the scenario in
 * the environment, and the server in the last argument.
 *
 *     MCP_CONFORMANCE_SCENARIO=tools_call npx tsx examples/everything/client.ts http://localhost:3000/mcp
 */
import { type Client, createClient, type ElicitHandler } from "lutra/client";
import { isSkillError, readSkills } from "lutra/skills";
import { authorizationFor } from "./authorization.ts";
import { readContext } from "./context.ts";

type Play = (client: Client) => Promise<unknown>;

interface ToolCall {
  readonly name: string;
  readonly arguments: { readonly [name: string]: unknown };
}

/** Accepts every form, with its defaults or with plausible values. */
const onElicit: ElicitHandler = (params, { defaults }) => {
  if (params.mode === "url") return { action: "decline" };
  const content: Record<string, string | number | boolean | readonly string[]> = { ...defaults };
  for (const [name, { type }] of Object.entries(params.requestedSchema.properties)) {
    content[name] ??= { string: "lutra", number: 1, integer: 1, boolean: true, array: [] }[type];
  }
  return { action: "accept", content };
};

const plays: { readonly [scenario: string]: Play } = {
  tools_call: async (client) => {
    await client.listTools();
    await client.callTool("add_numbers", { a: 2, b: 3 });
  },

  initialize: (client) => client.listTools(),

  "elicitation-sep1034-client-defaults": (client) =>
    client.callTool("test_client_elicitation_defaults"),

  "sse-retry": (client) => client.callTool("test_reconnection"),

  "request-metadata": async (client) => {
    await client.discover();
    await client.listTools();
  },

  "sep-2322-client-request-state": async (client) => {
    await client.listTools();
    for (const name of ["echo_state", "no_state", "unrelated", "no_result_type"]) {
      await client.callTool(`test_mrtr_${name}`);
    }
  },

  "http-standard-headers": async (client) => {
    const { tools } = await client.listTools();
    for (const { name } of tools.slice(0, 1)) await client.callTool(name);
    const { resources } = await client.listResources();
    for (const { uri } of resources.slice(0, 1)) await client.readResource(uri);
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts.slice(0, 1)) await client.getPrompt(name);
  },

  "http-custom-headers": async (client) => {
    const { toolCalls } = readContext<{ readonly toolCalls: readonly ToolCall[] }>();
    await client.listTools();
    for (const call of toolCalls) await client.callTool(call.name, call.arguments);
  },

  "http-invalid-tool-headers": async (client) => {
    const { tools } = await client.listTools();
    for (const { name } of tools) await client.callTool(name, { region: "us-west1" });
  },

  "json-schema-ref-no-deref": (client) => client.listTools(),

  "json-schema-2020-12-preservation": async (client) => {
    const { tools } = await client.listTools();
    const schema = tools.find(({ name }) => name === "json_schema_2020_12_tool")?.inputSchema;
    await client.callTool("json_schema_echo", { schema });
  },

  "sep-2640-client-no-prefetch": (client) => client.skills.list(),
  "sep-2640-client-verify-digest": useSkills,
  "sep-2640-client-verify-size": useSkills,
  "sep-2640-client-verify-frontmatter": useSkills,
};

/** Loads each skill with its files, except for those that are not as their server announced them. */
async function useSkills(client: Client): Promise<void> {
  for (const skill of await client.skills.list()) {
    try {
      await client.skills.load(skill);
      await client.skills.download(skill);
    } catch (error) {
      if (!isSkillError(error)) throw error;
    }
  }
}

/** All authorization scenarios have the same client; only the server differs. */
const authorize: Play = async (client) => {
  await client.listTools();
  await client.callTool("test-tool");
};

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? "";
const play = scenario.startsWith("auth/") ? authorize : plays[scenario];
const url = process.argv.at(-1);
if (play === undefined || url === undefined) throw new TypeError(`unknown scenario: ${scenario}`);

const auth = scenario.startsWith("auth/") ? await authorizationFor(scenario, url) : undefined;
const client = createClient(url, {
  ...(auth && { auth }),
  extensions: [readSkills()],
  clientInfo: { name: "everything-client", version: "1.0.0" },
  onElicit,
  onSample: () => ({
    role: "assistant",
    content: { type: "text", text: "Paris" },
    model: "none",
    stopReason: "endTurn",
  }),
  onRoots: () => [{ uri: "file:///tmp/lutra", name: "Scratch" }],
});
try {
  await play(client);
} finally {
  await client.close();
}
