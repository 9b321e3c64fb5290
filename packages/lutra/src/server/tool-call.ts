/** A tool call between its checks and its handler: the point where extensions can intervene. */
import type { Result } from "../protocol/json-rpc.ts";
import type { InputMemory } from "./handler/request-state.ts";
import type { RoundInit } from "./handler/round.ts";
import { askClient, InputNeeded, type Round, recall } from "./handler/round.ts";
import type { ToolDefinition } from "./tools.ts";

/** Runs a tool's handler once. Resolves to its result or to the input that it needs. */
export type RunToolRound = (init: RoundInit) => Promise<Result | InputNeeded>;

/** A call that has passed all checks. */
export interface ToolCall {
  readonly definition: ToolDefinition;
  readonly round: Round;
  readonly runRound: RunToolRound;
}

/** Answers a call that has passed all checks. */
export type AnswerToolCall = (call: ToolCall) => Promise<Result>;

/** Returns the memory of the call's exchange at the start of this round. */
export function recallMemory({ definition, round }: ToolCall): InputMemory | Promise<InputMemory> {
  return recall(round, definition.singleUse ?? false);
}

/** Runs the handler within the request, and asks the client for the input that it needs. */
export const answerInRequest: AnswerToolCall = async (call) => {
  const { request, context, handles, settings } = call.round;
  const memory = await recallMemory(call);
  const init = { request, context, memory, handles, settings };
  return endRound(call.round, await call.runRound(init));
};

/** Returns the result of a round: its own, or `input_required` with its input requests. */
export function endRound(round: Round, end: Result | InputNeeded): Result | Promise<Result> {
  return end instanceof InputNeeded ? askClient(round, end) : end;
}
