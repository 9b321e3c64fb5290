/** The exit code, the message and the JSON of a request that failed. */
import { isProtocolError, isTransportError } from "lutra/client";
import type { JSONObject } from "lutra/protocol";
import type { SkillError } from "lutra/skills";
import { isTaskError } from "lutra/tasks";
import type { ExitCode } from "../exit-codes.ts";
import { plainLine, plainText } from "./plain-text.ts";

export interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  /** The member `error` of the output with `--json`. */
  readonly error: JSONObject;
}

/** Returns the failure for an error of a client, or undefined for an error of this program. */
export function failureOf(error: unknown): Failure | undefined {
  if (isProtocolError(error)) {
    const { code, message, data } = error;
    return {
      exitCode: 4,
      message: `the server refused the request: ${plainLine(message)} (${code})`,
      error: { kind: "protocol", code, message, ...(data !== undefined && { data }) },
    };
  }
  if (isTaskError(error)) {
    const { reason, message } = error;
    return {
      exitCode: 3,
      message: plainLine(message),
      error: { kind: "task", reason, message },
    };
  }
  if (isSkillError(error)) {
    const { reason, message } = error;
    return { exitCode: 5, message: plainLine(message), error: { kind: "skill", reason, message } };
  }
  if (!isTransportError(error)) return undefined;
  const { reason, message } = error;
  return {
    exitCode: 5,
    // It may contain the last lines that a program has printed.
    message: plainText(message),
    error: { kind: "transport", reason, message },
  };
}

/** Returns true for the error of a skill. Only the command for skills loads the extension. */
function isSkillError(error: unknown): error is SkillError {
  return error instanceof Error && error.name === "SkillError";
}

/** The failure of a call that a signal has cancelled. */
export const cancelled: Failure = {
  exitCode: 130,
  message: "cancelled",
  error: { kind: "cancelled", message: "cancelled" },
};
