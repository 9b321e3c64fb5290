/** The errors that a merged server itself answers with. */
import { invalidParams } from "lutra/internal";
import {
  type ClientCapabilities,
  isProtocolError,
  isTransportError,
  modernVersions,
  ProtocolError,
  requireCapabilities,
} from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { MintedIdKind } from "./minted-ids.ts";

/** Creates the error for a method that no upstream supports. */
export function methodNotFound(method: string): ProtocolError {
  return new ProtocolError("methodNotFound", `Method not found: ${method}`, {
    data: { supported: [...modernVersions] },
  });
}

/** Returns true for the error of an upstream that does not support the method. */
export function isMethodNotFound(error: unknown): boolean {
  return isProtocolError(error) && error.reason === "methodNotFound";
}

/** Creates the error for a tool, prompt or resource template that no upstream lists. */
export function unknownName(noun: string, name: string): ProtocolError {
  return invalidParams(`Unknown ${noun}: ${name}`);
}

/**
 * Creates the error for an id that was not sealed for this caller. Ids that never existed, belong to
 * another caller or were modified get the same error.
 */
export function unknownId(field: string): ProtocolError {
  return invalidParams(`params.${field}: unknown`);
}

/** Creates the error for a name that may belong to an upstream whose lists are not known yet. */
export function listsNotKnown(upstream: string): ProtocolError {
  return new UpstreamError("unavailable", upstream, "The upstream has not sent its lists yet");
}

/** Returns the error that the client receives for an upstream that did not answer. */
export function upstreamErrorOf(upstream: string, error: unknown): ProtocolError {
  if (isProtocolError(error)) return error;
  const reason = isTransportError(error) ? error.reason : "malformed";
  const kind = reason === "timeout" || reason === "malformed" ? reason : "unreachable";
  return new UpstreamError(kind, upstream, "The upstream sent no valid response", { cause: error });
}

/**
 * Refuses ids of an extension that the client did not declare, before their upstream is asked.
 *
 * @spec basic/versioning#extension-negotiation
 */
export function requireExtension({ extension }: MintedIdKind, declared: ClientCapabilities): void {
  if (extension === undefined) return;
  requireCapabilities({ extensions: { [extension]: {} } }, declared);
}
