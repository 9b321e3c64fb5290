/**
 * A place for the thoughts of a model, with the tool of
 * `@modelcontextprotocol/server-sequential-thinking`, which counts thoughts in the memory of one
 * process. Here the count is in the server's store. A caller has one chain of thoughts, and more if it
 * asks for them: `start_chain` returns a handle, which later calls pass back.
 *
 *     npx lutra up examples/thinking/server.ts
 */
import { createServer, defineTool, handles, ToolError, text, toolResult } from "lutra/server";
import { z } from "zod";
import { callerValue } from "../caller-value.ts";

interface Chain {
  readonly thoughts: number;
  /** Number of thoughts in each branch. */
  readonly branches: { readonly [branch: string]: number };
  /** Time of the last thought, in milliseconds since 1970. */
  readonly lastAt: number;
}

const emptyChain: Chain = { thoughts: 0, branches: {}, lastAt: 0 };
/** Time after the last thought until a chain is forgotten, in milliseconds. */
const ttlMs = 86_400_000;
const maxBranches = 1000;
const maxBranchLength = 200;

const ownChain = callerValue<Chain>({ kind: "thoughts", initial: emptyChain });
const chains = handles<Chain>("chain", { ttlMs });

/** True, false, or their names, because some models write these. */
const flag = z.union([
  z.boolean(),
  z.stringbool({
    truthy: ["true"],
    falsy: ["false"],
    error: "expected true, false or their names",
  }),
]);
const ordinal = z.coerce.number().int().min(1);

/** Returns the chain with one more thought. A chain that was forgotten begins again. */
function withThought(chain: Chain, branch: string | undefined): Chain {
  const now = Date.now();
  const { thoughts, branches } = now - chain.lastAt > ttlMs ? emptyChain : chain;
  const known = branch === undefined ? 0 : (branches[branch] ?? 0);
  const next = branch === undefined ? branches : { ...branches, [branch]: known + 1 };
  if (Object.keys(next).length > maxBranches) {
    throw new ToolError(`A chain has at most ${maxBranches} branches`);
  }
  return { thoughts: thoughts + 1, branches: next, lastAt: now };
}

const sequentialThinking = defineTool({
  name: "sequentialthinking",
  title: "Sequential Thinking",
  description:
    "Records one step of a long consideration. Number the steps, estimate how many are needed, and " +
    "change the estimate as you learn. A step may revise an earlier one or begin a branch. Continue " +
    "until nextThoughtNeeded is false. Without a chain_id, all steps of a caller are one chain.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  inputSchema: z.object({
    thought: z.string().describe("The step"),
    nextThoughtNeeded: flag.describe("Whether another step follows"),
    thoughtNumber: ordinal.describe("Number of the step, from 1"),
    totalThoughts: ordinal.describe("Estimated number of steps"),
    isRevision: flag.optional().describe("Whether the step revises an earlier one"),
    revisesThought: ordinal.optional().describe("Number of the revised step"),
    branchFromThought: ordinal.optional().describe("Number of the step at which a branch begins"),
    branchId: z.string().max(maxBranchLength).optional().describe("Name of the branch"),
    needsMoreThoughts: flag.optional().describe("Whether the estimate was too low"),
    chain_id: z.string().optional().describe("Handle of start_chain"),
  }),
  outputSchema: z.object({
    thoughtNumber: z.number(),
    totalThoughts: z.number(),
    nextThoughtNeeded: z.boolean(),
    branches: z.array(z.string()),
    thoughtHistoryLength: z.number(),
  }),
  call: async (step, context) => {
    const { thoughtNumber, nextThoughtNeeded, branchFromThought, branchId, chain_id } = step;
    const branch = branchFromThought === undefined || branchId === "" ? undefined : branchId;
    const add = (chain: Chain) => withThought(chain, branch);
    const { thoughts, branches } =
      chain_id === undefined
        ? await ownChain.update(context, (chain) => {
            const value = add(chain);
            return { value, result: value };
          })
        : await chains.update(context, chain_id, add);
    const structuredContent = {
      thoughtNumber,
      totalThoughts: Math.max(thoughtNumber, step.totalThoughts),
      nextThoughtNeeded,
      branches: Object.keys(branches),
      thoughtHistoryLength: thoughts,
    };
    const content = [text(JSON.stringify(structuredContent, null, 2))];
    return toolResult({ content, structuredContent });
  },
});

const startChain = defineTool({
  name: "start_chain",
  description: "Begins another chain of thoughts. Pass the chain_id to sequentialthinking",
  outputSchema: z.object({ chain_id: z.string() }),
  call: async (_arguments, context) => ({ chain_id: await chains.mint(context, emptyChain) }),
});

export default createServer({
  name: "sequential-thinking-server",
  version: "1.0.0",
  tools: [sequentialThinking, startChain],
});
