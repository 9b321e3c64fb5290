/**
 * Recognises servers of earlier revisions, which expect `initialize` before every other request.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import { discover } from "./discover.ts";
import { isProtocolError } from "./errors.ts";
import { isObject } from "./json.ts";
import { TransportError } from "./transport-error.ts";
import { modernVersions } from "./versioning.ts";

/** The last revision that begins with `initialize`. */
const lastInitializedVersion = "2025-11-25";

/** The evidence that a server speaks an earlier revision, in words. */
export type Evidence = string;

const brand = Symbol.for("lutra.EarlierRevisionError");

/** The error for requests to a server of an earlier revision. */
export class EarlierRevisionError extends TransportError {
  readonly evidence: Evidence;

  /** @param server - the server as the subject of the message */
  constructor(server: string, evidence: Evidence) {
    super(
      "malformed",
      `${server} speaks an earlier revision of MCP, which begins with initialize ` +
        `(${lastInitializedVersion} or before): ${evidence}. Expected ${modernVersions.join(", ")}; ` +
        "use a version of the server that speaks it",
    );
    this.evidence = evidence;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Returns true for an `EarlierRevisionError`, including one from another copy of this package. */
export function isEarlierRevision(value: unknown): value is EarlierRevisionError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Errors of servers that miss what only an earlier revision has. */
const asksForSession = /\bsession|\binitiali[sz]|\bprotocol version/i;
const refusals: ReadonlySet<string> = new Set(["methodNotFound", "invalidParams"]);

/** Returns the evidence in the versions of a server, or undefined if it lists one of this revision. */
export function evidenceInVersions(supported: unknown): Evidence | undefined {
  if (!Array.isArray(supported) || supported.length === 0) return undefined;
  if (supported.some((version) => modernVersions.includes(version))) return undefined;
  const named = supported.filter((version) => typeof version === "string");
  return `it supports ${named.join(", ").slice(0, 100)}`;
}

/**
 * Returns the evidence in an error response to `server/discover`, which every server of this revision
 * answers, or undefined.
 */
export function evidenceInError(error: unknown): Evidence | undefined {
  if (!isProtocolError(error)) return undefined;
  const { reason, code, message, data } = error;
  if (reason === "unsupportedProtocolVersion" && isObject(data)) {
    return evidenceInVersions(data.supported);
  }
  const isRefusal = refusals.has(reason) || asksForSession.test(message);
  return isRefusal ? `it answered ${discover.name} with the error ${code}` : undefined;
}

/** Returns true for an error with which a server asks for `initialize` or for a session. */
export function asksForInitialize(error: unknown): boolean {
  return isProtocolError(error) && asksForSession.test(error.message);
}
