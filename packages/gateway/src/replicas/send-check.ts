/**
 * The request of a health check.
 *
 * @spec server/discover
 */
import { createHttpSender, evidenceInError, evidenceInVersions } from "lutra/internal";
import { discover, isProtocolError, isTransportError } from "lutra/protocol";
import { controlledDispatcher } from "../wire/controlled-dispatch.ts";
import type { SendCheck } from "./health-checks.ts";
import { ownMeta } from "./own-meta.ts";
import type { Replica } from "./replica.ts";

/** The revision that the answer to a check shows: the current one, an earlier one, or neither. */
export type Checked = "modern" | "earlier" | "unclear";

export interface SendCheckOptions {
  /** Called when a check shows that a replica speaks an earlier revision, once for each replica. */
  readonly onEarlierRevision?: ((evidence: string) => void) | undefined;
  /** Called with the outcome of each check that was answered. If it is set, `onEarlierRevision` is not called. */
  readonly onChecked?: ((replica: Replica, outcome: Checked) => void) | undefined;
  /** Called when a check has ended, also one that was not answered. */
  readonly onEnd?: (() => void) | undefined;
}

/**
 * Creates a check that sends `server/discover`. An error response proves that the replica answers,
 * because servers of earlier revisions do not know the method. So does an HTTP status below 500, such
 * as the 401 of a server that requires credentials, because the gateway has none.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
export function createSendCheck(
  headers: { readonly [name: string]: string },
  { onEarlierRevision, onChecked, onEnd }: SendCheckOptions = {},
): SendCheck {
  const send = createHttpSender("http://localhost", { headers });
  const request = {
    jsonrpc: "2.0",
    id: 0,
    method: discover.name,
    params: { _meta: ownMeta },
  } as const;

  function record(replica: Replica, evidence: string | undefined, isModern: boolean): void {
    if (onChecked !== undefined) {
      onChecked(replica, evidence === undefined ? (isModern ? "modern" : "unclear") : "earlier");
      return;
    }
    const isNew = evidence !== undefined && replica.earlierRevision === undefined;
    replica.earlierRevision = evidence;
    if (isNew) onEarlierRevision?.(evidence);
  }

  return async (replica, signal) => {
    const { pool, path } = replica;
    try {
      const result = await send(controlledDispatcher(pool, path), request, {
        signal,
        notify: () => {},
      });
      const { supportedVersions } = result;
      record(replica, evidenceInVersions(supportedVersions), Array.isArray(supportedVersions));
    } catch (error) {
      const isAnswer = isTransportError(error) && error.status !== undefined && error.status < 500;
      if (!isAnswer && !isProtocolError(error)) throw error;
      record(replica, evidenceInError(error), false);
    } finally {
      onEnd?.();
    }
  };
}
