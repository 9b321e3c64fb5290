/** The gateway's own subscription to an upstream's list changes. */
import { backoffMs, delay, pauseBefore } from "lutra/internal";
import {
  type Implementation,
  isProtocolError,
  type ListChanged,
  latestVersion,
  listChangedMethods,
  metaKeys,
  type SubscriptionFilter,
} from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import { askDiscover } from "./discover.ts";
import { type FollowOptions, followUpstream } from "./follow-upstream.ts";
import { announces } from "./listen.ts";
import type { ReceivedRequest } from "./own-request.ts";

export interface WatchOptions extends FollowOptions {
  /** Name and version of the gateway. */
  readonly clientInfo: Implementation;
}

export interface Watch {
  readonly close: () => void;
}

const changes = Object.keys(listChangedMethods) as readonly ListChanged[];
const discoverPace = { baseMs: 500, maxMs: 60_000 };

/**
 * Calls `onChange` for each list that has changed, and for each that may have changed while the
 * subscription was interrupted. Does nothing for an upstream that announces no changes.
 */
export function watchUpstream(
  upstream: Upstream,
  onChange: (change: ListChanged) => void,
  options: WatchOptions,
): Watch {
  const controller = new AbortController();
  void watch(upstream, onChange, { options, signal: controller.signal });
  return { close: () => controller.abort() };
}

interface Watching {
  readonly options: WatchOptions;
  readonly signal: AbortSignal;
}

async function watch(
  upstream: Upstream,
  onChange: (change: ListChanged) => void,
  { options, signal }: Watching,
): Promise<void> {
  const received = ownReceived(options.clientInfo, signal);
  const announced = await announcedBy(upstream, received, { options, signal });
  if (announced.length === 0) return;
  const filter: SubscriptionFilter = Object.fromEntries(announced.map((one) => [one, true]));
  let isFirst = true;
  await followUpstream(
    {
      upstream,
      received,
      filter,
      signal,
      onAcknowledged: (agreed) => {
        if (!isFirst) for (const one of announced) if (agreed[one] === true) onChange(one);
        isFirst = false;
      },
      onNotification: ({ method }) => {
        for (const one of announced) if (listChangedMethods[one] === method) onChange(one);
      },
      onEnd: ({ error }) => {
        if (error !== undefined) options.onWarning?.(`${upstream.name}: not watched`, error);
        return isRefusal(error) ? "stop" : "reopen";
      },
    },
    options,
  );
}

/** Asks until the upstream reports its capabilities. An upstream that refuses is not watched. */
async function announcedBy(
  upstream: Upstream,
  received: ReceivedRequest,
  { options, signal }: Watching,
): Promise<readonly ListChanged[]> {
  const { pace = discoverPace, random = Math.random } = options;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const { capabilities } = await askDiscover(upstream, received, signal);
      return changes.filter((change) => announces(capabilities, change));
    } catch (error) {
      if (isRefusal(error)) return [];
      const pauseMs = pauseBefore(error, backoffMs(attempt, random, pace));
      await delay(pauseMs, signal).catch(() => {});
    }
  }
  return [];
}

/**
 * Returns true for an upstream's answer about the request itself. A watch ends only with one. It
 * lasts as long as the gateway, so, unlike `isTransient`, this rule also retries after a malformed
 * answer: a later version of the upstream may answer correctly.
 */
function isRefusal(error: unknown): boolean {
  return isProtocolError(error) && error.reason !== "internalError";
}

function ownReceived(clientInfo: Implementation, signal: AbortSignal): ReceivedRequest {
  const _meta = {
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientInfo]: clientInfo,
    [metaKeys.clientCapabilities]: {},
  };
  return {
    request: { jsonrpc: "2.0", id: 0, method: "", params: { _meta } },
    context: { signal, notify: () => {} },
  };
}
