/** An upstream that speaks HTTP: replicas at urls, or processes that come and go. */
import { createHttpSender } from "lutra/internal";
import type { Method, Serve } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import { createCopies } from "../delivery/deliver-copy.ts";
import { createServe } from "../delivery/deliver-message.ts";
import { Forwarding } from "../delivery/deliver-stream.ts";
import { createFleet, type Fleet } from "../delivery/fleet.ts";
import type { Forward } from "../delivery/forward.ts";
import { createMethodRules } from "../delivery/method-rules.ts";
import { nameFieldsOf } from "../delivery/name-fields.ts";
import { createPassedHeaders } from "../delivery/passed-headers.ts";
import { createRequestHeaders } from "../delivery/stream-headers.ts";
import {
  type Addresses,
  followAddresses,
  isFixedHost,
  type Lookup,
  systemLookup,
} from "../replicas/addresses.ts";
import { type Clock, systemClock } from "../replicas/clock.ts";
import { ReplicaSet } from "../replicas/replica-set.ts";
import { createSendCheck } from "../replicas/send-check.ts";
import { type Catalogue, createCatalogue } from "./catalogue.ts";
import { createEnding } from "./ending.ts";
import type { Upstream, UpstreamStatus } from "./upstream.ts";

export interface HttpUpstreamOptions {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[];
  /** Finds the addresses of a host. @default the system's resolver */
  readonly lookup?: Lookup;
  /** @default the real time */
  readonly clock?: Clock;
}

/** A replica that comes by itself, at a url or behind a Unix socket. */
export interface AddedReplica {
  /** What `x-lutra-replica` and logs call it. */
  readonly name: string;
  readonly url?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly pid?: number | undefined;
  /** Whether it has said itself that it answers, so that nobody need ask first. @default false */
  readonly isReady?: boolean | undefined;
}

export interface HttpUpstream extends Upstream {
  readonly forward: (forward: Forward) => void;
  /** Adds a replica until the returned function is called. */
  readonly add: (replica: AddedReplica) => () => void;
}

/** Where the endpoint of a replica behind a Unix socket is. */
const socketUrl = "http://localhost/mcp";

/**
 * Connects to nothing before the first check or request. A host that stands for several addresses
 * counts as several replicas; it is looked up again every 30 s and when a connection fails.
 *
 * @throws {TypeError} for headers that Lutra sets itself, and for malformed ones
 */
export function createHttpUpstream(
  name: string,
  config: UpstreamConfig,
  options: HttpUpstreamOptions = {},
): HttpUpstream {
  const clock = options.clock ?? systemClock;
  const { fleet, serve, catalogue, followed } = createParts(name, config, { ...options, clock });
  const { replicas } = fleet;
  const path = { fleet, requestHeaders: createRequestHeaders(config.headers) };
  const inFlight = () => replicas.all.reduce((sum, replica) => sum + replica.inFlight, 0);
  const ending = createEnding(inFlight, clock);

  return {
    name,
    serve: (request, context) =>
      ending.hasBegun ? Promise.reject(fleet.notReady()) : serve(request, context),
    forward: (forward) => {
      if (ending.hasBegun) forward.refuse(forward, fleet.notReady());
      else new Forwarding(forward, path).start();
    },
    copy: createCopies(path),
    tool: catalogue.tool,
    findTool: catalogue.find,
    forget: catalogue.forget,
    add: ({ url = socketUrl, ...place }) => replicas.add({ ...place, url: new URL(url) }),
    status: (): UpstreamStatus => ({
      name,
      kind: config.module === undefined ? "url" : "module",
      inFlight: inFlight(),
      queued: fleet.gate.queued,
      replicas: replicas.all.map((replica) => replica.status()),
    }),
    ready: (timeoutMs) => untilReady(replicas, clock, timeoutMs),
    close: async (graceMs) => {
      for (const addresses of followed) addresses.stop();
      catalogue.close();
      replicas.stopChecks();
      await ending.begin(graceMs);
      await replicas.destroy();
    },
  };
}

interface Parts {
  readonly fleet: Fleet;
  readonly serve: Serve;
  readonly catalogue: Catalogue;
  /** Hosts whose addresses may change. */
  readonly followed: readonly Addresses[];
}

function createParts(
  name: string,
  config: UpstreamConfig,
  options: HttpUpstreamOptions & { readonly clock: Clock },
): Parts {
  const { methods = [], lookup = systemLookup, clock } = options;
  const { headers = {}, retries } = config;
  const followed: Addresses[] = [];
  const replicas = new ReplicaSet({
    config,
    clock,
    sendCheck: createSendCheck(headers),
    onUnreachable: () => {
      for (const addresses of followed) addresses.refresh();
    },
  });
  const rules = createMethodRules({
    methods,
    tool: retries.trustAnnotations ? (tool) => catalogue.tool(tool) : undefined,
  });
  const fleet = createFleet({ name, config, clock, replicas, rules });
  const serve = createServe({
    fleet,
    nameFields: nameFieldsOf(methods),
    send: createHttpSender(socketUrl, { headers, methods }),
    headers: createPassedHeaders(headers),
  });
  const catalogue = createCatalogue(serve, clock);
  // When a connection breaks it is too late to ask what may be sent again.
  if (retries.trustAnnotations) replicas.whenReady(catalogue.prepare);

  let count = 0;
  const nextName = () => {
    count += 1;
    return String(count);
  };
  const add: ReplicaSet["add"] = (place) => replicas.add(place);
  for (const url of urlsOf(config)) {
    if (isFixedHost(url.hostname)) add({ name: nextName(), url });
    else followed.push(followAddresses({ url, clock, lookup, nextName, add }));
  }
  return { fleet, serve, catalogue, followed };
}

function urlsOf({ url = [] }: UpstreamConfig): readonly URL[] {
  return [url].flat().map((text) => new URL(text));
}

function untilReady(replicas: ReplicaSet, clock: Clock, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let forget = () => {};
    const stopTimer = clock.after(timeoutMs, () => {
      forget();
      resolve(false);
    });
    forget = replicas.whenReady(() => {
      stopTimer();
      resolve(true);
    });
  });
}
