/** The errors of steps, as the memory of an exchange keeps them. */
import type { ContentBlock } from "../../protocol/content.ts";
import { type errorCodes, isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import { copyOfJSON } from "../../protocol/json.ts";
import { isToolError, ToolError } from "../results.ts";

/** An error as JSON. */
export interface StepFailure {
  readonly message: string;
  /** The name of the original error, unless it is one of the next two. */
  readonly name?: string;
  /** The content of a `ToolError`. */
  readonly content?: readonly ContentBlock[];
  /** The members of a `ProtocolError`. */
  readonly protocol?: {
    readonly reason: keyof typeof errorCodes;
    readonly data?: unknown;
    readonly status: number;
  };
}

/**
 * The error with which a step rejects whose effect failed. In a replay it is created from the
 * recorded name and message, so it has no `cause` there.
 */
export class StepError extends Error {
  override readonly name: string = "StepError";
  /** The name of the error that the effect threw, such as `TypeError`. */
  readonly errorName: string;

  constructor({ message, name = "Error" }: StepFailure, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.errorName = name;
  }
}

/** Returns the part of a thrown value that is recorded. */
export function toFailure(thrown: unknown): StepFailure {
  if (isToolError(thrown)) return { message: thrown.message, content: copyOfJSON(thrown.content) };
  if (isProtocolError(thrown) && !thrown.peer) {
    const { reason, data, status, message } = thrown;
    const own = reason as keyof typeof errorCodes;
    return { message, protocol: { reason: own, data: data && copyOfJSON(data), status } };
  }
  if (thrown instanceof Error) return { message: thrown.message, name: thrown.name };
  return { message: String(thrown) };
}

/**
 * Returns the error that a handler receives. Except for errors that reach the client, it has the same
 * class in every round.
 *
 * @param thrown The original error, in the round in which the effect ran
 */
export function toError(failure: StepFailure, thrown?: unknown): Error {
  const { message, content, protocol } = failure;
  if (content !== undefined || protocol !== undefined) {
    if (thrown instanceof Error) return thrown;
  }
  if (content !== undefined) return new ToolError(message, content);
  if (protocol === undefined) return new StepError(failure, thrown);
  const { reason, data, status } = protocol;
  return new ProtocolError(reason, message, { data, status });
}
