/**
 * Compares two servers of the official SDK with their counterparts on Lutra, which run as three
 * replicas: the same calls have the same answers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Client, createClient } from "lutra/client";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { callTool } from "../cli/http.ts";
import { endLutra, type RunningServer, startLutra } from "../cli/run-lutra.ts";

const require = createRequire(import.meta.url);
const examples = join(import.meta.dirname, "../../examples");

/** The program of a server that is installed from npm. */
function original(name: string): string {
  return join(
    dirname(require.resolve(`@modelcontextprotocol/${name}/package.json`)),
    "dist/index.js",
  );
}

function open(target: Parameters<typeof createClient>[0]): Client {
  const client = createClient(target);
  onTestFinished(() => client.close());
  return client;
}

function startOriginal(name: string, env: { readonly [name: string]: string }): Client {
  const inherited = { PATH: process.env.PATH ?? "" };
  return open({ command: process.execPath, args: [original(name)], env: { ...inherited, ...env } });
}

type Call = readonly [tool: string, args: { readonly [name: string]: unknown }];

/** Returns the answers in the order of the calls. */
async function answersOf(client: Client, calls: readonly Call[]): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const [tool, args] of calls) {
    const { content, structuredContent, isError = false } = await client.callTool(tool, args);
    answers.push({ tool, content, structuredContent, isError });
  }
  return answers;
}

/** Returns the names, required arguments and kinds of arguments of the tools. */
async function toolsOf(client: Client) {
  const { tools } = await client.listTools();
  return tools.map(({ name, inputSchema, annotations }) => ({
    name,
    arguments: Object.keys(inputSchema.properties ?? {}),
    required: inputSchema.required ?? [],
    isReadOnly: annotations?.readOnlyHint,
  }));
}

/** Calls a tool until each of the three replicas has answered. */
async function expectAllReplicas({ url }: RunningServer, tool: string): Promise<void> {
  const met = new Set<unknown>();
  for (let call = 0; call < 30 && met.size < 3; call += 1) {
    met.add((await callTool(url, tool)).replica);
  }
  expect([...met].sort()).toEqual(["1", "2", "3"]);
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "lutra-moved-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const entity = (name: string, entityType: string, ...observations: readonly string[]) => ({
  name,
  entityType,
  observations,
});
const relation = (from: string, relationType: string, to: string) => ({ from, to, relationType });

const knowledge: readonly Call[] = [
  ["read_graph", {}],
  [
    "create_entities",
    { entities: [entity("Ana", "person", "likes tea"), entity("Acme", "company")] },
  ],
  ["create_entities", { entities: [entity("Ana", "robot"), entity("Bo", "person")] }],
  ["create_relations", { relations: [relation("Ana", "works at", "Acme")] }],
  [
    "create_relations",
    { relations: [relation("Ana", "works at", "Acme"), relation("Bo", "knows", "Ana")] },
  ],
  ["add_observations", { observations: [{ entityName: "Ana", contents: ["likes tea", "sings"] }] }],
  ["add_observations", { observations: [{ entityName: "Cy", contents: ["is unknown"] }] }],
  [
    "add_observations",
    {
      observations: [
        { entityName: "Bo", contents: ["is lost with the error"] },
        { entityName: "Cy", contents: ["is unknown"] },
      ],
    },
  ],
  ["read_graph", {}],
  ["search_nodes", { query: "TEA" }],
  ["search_nodes", { query: "company" }],
  ["search_nodes", { query: "nothing" }],
  ["open_nodes", { names: ["Acme", "Cy"] }],
  ["delete_observations", { deletions: [{ entityName: "Ana", observations: ["sings"] }] }],
  ["delete_observations", { deletions: [{ entityName: "Cy", observations: ["sings"] }] }],
  ["delete_relations", { relations: [relation("Bo", "knows", "Ana")] }],
  ["read_graph", {}],
  ["delete_entities", { entityNames: ["Acme", "Cy"] }],
  ["read_graph", {}],
];

describe("the knowledge graph on three replicas", () => {
  let fleet: RunningServer;
  beforeAll(async () => {
    fleet = await startLutra("up", join(examples, "knowledge/server.ts"));
    return () => endLutra(fleet);
  });

  it("answers the same calls as the original", async () => {
    const env = { MEMORY_FILE_PATH: join(folder(), "memory.jsonl") };
    const expected = startOriginal("server-memory", env);
    const moved = open(fleet.url);
    expect(await toolsOf(moved)).toEqual(await toolsOf(expected));
    expect(await answersOf(moved, knowledge)).toEqual(await answersOf(expected, knowledge));
    const uri = "memory://knowledge-graph";
    const { contents } = await expected.readResource(uri);
    expect((await moved.readResource(uri)).contents).toEqual(contents);
    await expectAllReplicas(fleet, "read_graph");
  });

  it("refuses the same arguments as the original", async () => {
    const env = { MEMORY_FILE_PATH: join(folder(), "memory.jsonl") };
    const wrong: readonly Call[] = [
      ["create_entities", {}],
      ["create_entities", { entities: [{ name: 1 }] }],
      ["open_nodes", { names: "Ana" }],
    ];
    const refusals = async (client: Client) =>
      (await Promise.all(wrong.map(([tool, args]) => client.callTool(tool, args)))).map(
        ({ isError }) => isError,
      );
    expect(await refusals(open(fleet.url))).toEqual([true, true, true]);
    expect(await refusals(startOriginal("server-memory", env))).toEqual([true, true, true]);
  });

  it("loses no change of calls that run at once on different replicas", async () => {
    const moved = open(fleet.url);
    const names = Array.from({ length: 20 }, (_, index) => `e${index}`);
    await Promise.all(
      names.map((name) => moved.callTool("create_entities", { entities: [entity(name, "thing")] })),
    );
    const { structuredContent } = await moved.callTool("open_nodes", { names });
    expect(structuredContent).toMatchObject({ entities: { length: 20 } });
  });

  it("notifies a subscriber on another replica", async () => {
    const moved = open(fleet.url);
    const uri = "memory://knowledge-graph";
    const subscription = await moved.listen({ resourceSubscriptions: [uri] });
    onTestFinished(() => subscription.close());
    await moved.callTool("delete_entities", { entityNames: ["e0"] });
    for await (const { method, params } of subscription) {
      expect([method, params?.uri]).toEqual(["notifications/resources/updated", uri]);
      break;
    }
  });
});

const step = (thoughtNumber: unknown, more: { readonly [name: string]: unknown } = {}): Call => [
  "sequentialthinking",
  { thought: "a", thoughtNumber, totalThoughts: 3, nextThoughtNeeded: true, ...more },
];

const thinking: readonly Call[] = [
  step(1),
  step("2", { nextThoughtNeeded: "TRUE" }),
  step(5, { isRevision: "true", revisesThought: 1 }),
  step(3, { branchFromThought: 1, branchId: "late" }),
  step(3, { branchFromThought: 2, branchId: "2" }),
  step(4, { branchFromThought: 1, branchId: "late" }),
  step(4, { branchId: "without a beginning" }),
  step(6, { totalThoughts: "6", nextThoughtNeeded: false, needsMoreThoughts: false }),
];

describe("the thoughts on three replicas", () => {
  let fleet: RunningServer;
  beforeAll(async () => {
    fleet = await startLutra("up", join(examples, "thinking/server.ts"));
    return () => endLutra(fleet);
  });

  it("have the same answers as the original", async () => {
    const env = { DISABLE_THOUGHT_LOGGING: "true" };
    const expected = startOriginal("server-sequential-thinking", env);
    const moved = open(fleet.url);
    expect(await answersOf(moved, thinking)).toEqual(await answersOf(expected, thinking));
    const [tool] = await toolsOf(moved);
    const [originalTool] = await toolsOf(expected);
    expect(tool).toEqual({
      ...originalTool,
      arguments: [...(originalTool?.arguments ?? []), "chain_id"],
    });
    await expectAllReplicas(fleet, "start_chain");
  });

  it("refuse the same arguments as the original", async () => {
    const wrong = [step(0), step(1, { nextThoughtNeeded: "maybe" }), step(1, { thought: 1 })];
    const refusals = async (client: Client) =>
      (await Promise.all(wrong.map(([tool, args]) => client.callTool(tool, args)))).map(
        ({ isError }) => isError,
      );
    expect(await refusals(open(fleet.url))).toEqual([true, true, true]);
    const expected = startOriginal("server-sequential-thinking", {
      DISABLE_THOUGHT_LOGGING: "true",
    });
    expect(await refusals(expected)).toEqual([true, true, true]);
  });

  it("are kept apart by handles", async () => {
    const moved = open(fleet.url);
    const { structuredContent } = await moved.callTool("start_chain");
    const { chain_id } = structuredContent as { readonly chain_id: string };
    const answers = await answersOf(moved, [step(1, { chain_id }), step(2, { chain_id })]);
    expect(answers).toMatchObject([
      { structuredContent: { thoughtHistoryLength: 1 } },
      { structuredContent: { thoughtHistoryLength: 2 } },
    ]);
    const [unknown] = await answersOf(moved, [step(1, { chain_id: "chain_unknown" })]);
    expect(unknown).toMatchObject({ isError: true });
  });
});
