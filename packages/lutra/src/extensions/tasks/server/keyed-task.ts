/**
 * Calls that their client may repeat: the first one creates a task, and later ones with the same key
 * find it. The id of the task follows from the key, so that a store, which refuses a second task with
 * the same id, also decides between calls at the same time.
 */
import { invalidParams } from "../../../protocol/errors.ts";
import { canonicalJSON, type JSONObject } from "../../../protocol/json.ts";
import type { ToolCall } from "../../../server/tool-call.ts";
import { idempotencyKeyMember } from "../protocol.ts";
import { belongsTo, type TaskRecord } from "./records.ts";
import { callOf } from "./task-round.ts";

/** Length of a key, in characters. A task of an unauthenticated caller is protected only by its key. */
const minKeyLength = 16;
const maxKeyLength = 256;

const where = `params._meta["${idempotencyKeyMember}"]`;

/** True for a call with a key. */
export function hasKey({ round: { request } }: ToolCall): boolean {
  return keyOf(request.params?._meta) !== undefined;
}

/**
 * Resolves to the id of the task of a call with a key.
 *
 * @throws {ProtocolError} `invalidParams` for a key that is not a text of the expected length
 */
export async function keyedTaskId({ round }: ToolCall): Promise<string | undefined> {
  const { request, context } = round;
  const key = keyOf(request.params?._meta);
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key.length < minKeyLength || key.length > maxKeyLength) {
    throw invalidParams(
      `${where}: expected a text of ${minKeyLength} to ${maxKeyLength} characters`,
    );
  }
  const owner = context.principal?.id ?? null;
  const text = new TextEncoder().encode(JSON.stringify(["task", owner, key]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  const base64 = btoa(String.fromCharCode(...digest.subarray(0, 18)));
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}

/**
 * Checks that a task with the key of a call is the task of this call.
 *
 * @throws {ProtocolError} `invalidParams` for the task of another call
 */
export function requireSameCall(record: TaskRecord, { round }: ToolCall): void {
  const { request, context } = round;
  const { call } = record.state;
  const { name, arguments: args } = callOf(request, context);
  const isSame = call.name === name && canonicalJSON(call.arguments) === canonicalJSON(args);
  if (isSame && belongsTo(record, context.principal)) return;
  throw invalidParams(`${where}: the key belongs to another call; use a new key for each call`);
}

function keyOf(meta: unknown): unknown {
  return (meta as JSONObject | undefined)?.[idempotencyKeyMember];
}
