/** The user, the model and the roots of the scenarios' client. */
import type { ClientOptions } from "lutra/client";
import type { ElicitParams, ElicitResult } from "lutra/protocol";

export interface User {
  /** The questions since the last `willAnswer`. */
  readonly asked: ElicitParams[];
  /** Warnings of clients. A scenario removes those it expects. */
  readonly warnings: string[];
  /** Sets the answers to the next questions. Forgets earlier questions. */
  readonly willAnswer: (...answers: readonly ElicitResult[]) => void;
  /** Options of a client that asks this user. */
  readonly options: ClientOptions;
}

export const haiku = {
  role: "assistant",
  model: "basho-1",
  content: { type: "text", text: "an otter jumps in" },
} as const;

export const roots = [{ uri: "file:///home/zoe", name: "home" }] as const;

export function createUser(): User {
  const asked: ElicitParams[] = [];
  const warnings: string[] = [];
  let answers: ElicitResult[] = [];
  return {
    asked,
    warnings,
    willAnswer: (...next) => {
      asked.length = 0;
      answers = [...next];
    },
    options: {
      clientInfo: { name: "scenarios", version: "0.0.1" },
      elicitation: { form: {}, url: {} },
      onElicit: (params) => {
        asked.push(params);
        const answer = answers.shift();
        if (answer === undefined) throw new Error(`no answer to: ${params.message}`);
        return answer;
      },
      onWarning: (message) => void warnings.push(message),
      onSample: () => haiku,
      onRoots: () => roots,
    },
  };
}

/** Returns the result for an accepted form. */
export function accept(content: NonNullable<ElicitResult["content"]>): ElicitResult {
  return { action: "accept", content };
}
