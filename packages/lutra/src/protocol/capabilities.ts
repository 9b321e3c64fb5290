/**
 * Capabilities: clients declare them in every request, servers in `server/discover`.
 *
 * @spec basic/index#meta, basic/versioning#extension-negotiation
 */
import { ProtocolError } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";

export interface ClientCapabilities {
  readonly experimental?: { readonly [key: string]: JSONObject };
  /** An empty object means form mode only. */
  readonly elicitation?: { readonly form?: JSONObject; readonly url?: JSONObject };
  /** @deprecated Call a model provider from the server instead. */
  readonly sampling?: { readonly context?: JSONObject; readonly tools?: JSONObject };
  /** @deprecated Pass directories as tool arguments, resource URIs or configuration instead. */
  readonly roots?: JSONObject;
  readonly extensions?: { readonly [id: string]: JSONObject };
}

export interface ServerCapabilities {
  readonly experimental?: { readonly [key: string]: JSONObject };
  readonly tools?: { readonly listChanged?: boolean };
  readonly resources?: { readonly listChanged?: boolean; readonly subscribe?: boolean };
  readonly prompts?: { readonly listChanged?: boolean };
  readonly completions?: JSONObject;
  /** @deprecated Use `stderr` or OpenTelemetry. */
  readonly logging?: JSONObject;
  readonly extensions?: { readonly [id: string]: JSONObject };
}

/**
 * Checks that the client declared all required capabilities.
 *
 * @throws {ProtocolError} `missingRequiredClientCapability` with the missing ones in its data
 * @spec basic/index#meta
 */
export function requireCapabilities(
  required: ClientCapabilities,
  declared: ClientCapabilities,
): void {
  const missing = missingMembers(required as JSONObject, withFormMode(declared) as JSONObject);
  if (missing === undefined) return;
  throw new ProtocolError(
    "missingRequiredClientCapability",
    `Missing required client capability: ${Object.keys(missing).join(", ")}`,
    { data: { requiredCapabilities: missing } },
  );
}

/** Returns true when all required capabilities are declared. */
export function hasCapabilities(
  required: ClientCapabilities,
  declared: ClientCapabilities,
): boolean {
  return missingMembers(required as JSONObject, withFormMode(declared) as JSONObject) === undefined;
}

/** @spec client/elicitation#capabilities */
function withFormMode(declared: ClientCapabilities): ClientCapabilities {
  const { elicitation } = declared;
  if (elicitation === undefined || Object.keys(elicitation).length > 0) return declared;
  return { ...declared, elicitation: { form: {} } };
}

/** Returns the part of `required` that is missing in `declared`, or undefined. */
function missingMembers(required: JSONObject, declared: JSONObject): JSONObject | undefined {
  let missing: Record<string, unknown> | undefined;
  for (const key in required) {
    const lacking = lackOf(required[key], declared[key]);
    if (lacking === undefined) continue;
    missing ??= {};
    missing[key] = lacking;
  }
  return missing;
}

function lackOf(wanted: unknown, have: unknown): unknown {
  if (wanted === undefined || !isObject(have)) return wanted;
  return isObject(wanted) ? missingMembers(wanted, have) : undefined;
}
