/** A call of a tool between its checks and its handler: where extensions step in. */
import type { Result } from "../protocol/json-rpc.ts";
import type { Run } from "./handler/replay-context.ts";
import type { InputMemory } from "./handler/request-state.ts";
import { endRound, type Round, recall, type Unanswered } from "./handler/round.ts";
import type { ToolDefinition } from "./tools.ts";

/** Runs a tool's handler once, to its result or to the questions that it asks. */
export type ToolRun = (run: Run) => Promise<Result | Unanswered>;

/** A call that has passed all checks. */
export interface ToolCall {
  readonly definition: ToolDefinition;
  readonly round: Round;
  readonly run: ToolRun;
}

/** Answers a call that has passed all checks. */
export type RunTool = (call: ToolCall) => Promise<Result>;

/** What the exchange of a call remembers when this round of it begins. */
export function recallCall({ definition, round }: ToolCall): InputMemory | Promise<InputMemory> {
  return recall(round, definition.singleUse ?? false);
}

/** Runs the handler within the request, and asks the client for what it needs. */
export const runInRequest: RunTool = async (call) => {
  const { round } = call;
  const { request, context, handles } = round;
  const memory = await recallCall(call);
  return endRound(round, await call.run({ request, context, memory, handles }));
};
