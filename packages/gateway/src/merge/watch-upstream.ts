/** A subscription of the gateway's own to what changes at an upstream. */
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
import type { Caller } from "./own-request.ts";

export interface WatchOptions extends FollowOptions {
  /** How the gateway calls itself. */
  readonly clientInfo: Implementation;
}

export interface Watch {
  readonly close: () => void;
}

const changes = Object.keys(listChangedMethods) as readonly ListChanged[];
const discoverPace = { baseMs: 500, maxMs: 60_000 };

/**
 * Calls `onChange` for each list that has changed, and for each that may have while the subscription
 * was interrupted. Does nothing at an upstream that announces no changes.
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
  const caller = ownCaller(options.clientInfo, signal);
  const announced = await announcedBy(upstream, caller, { options, signal });
  if (announced.length === 0) return;
  const filter: SubscriptionFilter = Object.fromEntries(announced.map((one) => [one, true]));
  let isFirst = true;
  await followUpstream(
    {
      upstream,
      caller,
      filter,
      signal,
      onAcknowledged: (agreed) => {
        if (!isFirst) for (const one of announced) if (agreed[one] === true) onChange(one);
        isFirst = false;
      },
      onNotification: ({ method }) => {
        for (const one of announced) if (listChangedMethods[one] === method) onChange(one);
      },
      onDown: ({ error }) => {
        if (error !== undefined) options.onWarning?.(`${upstream.name}: not watched`, error);
      },
    },
    options,
  );
}

/** Asks until the upstream says what it announces. One that refuses to is not watched. */
async function announcedBy(
  upstream: Upstream,
  caller: Caller,
  { options, signal }: Watching,
): Promise<readonly ListChanged[]> {
  const { pace = discoverPace, random = Math.random } = options;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const { capabilities } = await askDiscover(upstream, caller, signal);
      return changes.filter((change) => announces(capabilities, change));
    } catch (error) {
      if (isProtocolError(error) && error.reason !== "internalError") return [];
      const pauseMs = pauseBefore(error, backoffMs(attempt, random, pace));
      await delay(pauseMs, signal).catch(() => {});
    }
  }
  return [];
}

function ownCaller(clientInfo: Implementation, signal: AbortSignal): Caller {
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
