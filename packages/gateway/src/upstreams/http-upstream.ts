/** An upstream that speaks HTTP: replicas at URLs, or processes that are added and removed. */
import { createHttpSender, type HttpSender } from "lutra/internal";
import { compose, type Method } from "lutra/protocol";
import { earlierRevisionWarning, mayBeLegacy } from "../bridge/era-in-words.ts";
import { createHttpBridge, type HttpBridge } from "../bridge/http-bridge.ts";
import type { Parking } from "../bridge/parking.ts";
import type { UpstreamTls } from "../config/certificates.ts";
import type { UpstreamConfig } from "../config/schema.ts";
import { copyWith, streamTokensOf, tokenTest, withoutCallers } from "../credentials/carriers.ts";
import type { UpstreamCredentials } from "../credentials/upstream-credentials.ts";
import type { CallerHeaders } from "../delivery/caller-headers.ts";
import { createCopyDelivery } from "../delivery/deliver-copy.ts";
import { createMessageDelivery } from "../delivery/deliver-message.ts";
import { createSplicedDelivery, type Spliced } from "../delivery/deliver-spliced.ts";
import { createStreamDelivery, type Forward } from "../delivery/deliver-stream.ts";
import { Fleet } from "../delivery/fleet.ts";
import { createHttpExchange } from "../delivery/http-exchange.ts";
import { createMessageHeaders } from "../delivery/message-headers.ts";
import { renamedRoute } from "../delivery/renamed-attempt.ts";
import { ResponseBudget } from "../delivery/response-budget.ts";
import { createRequestHeaders } from "../delivery/stream-headers.ts";
import { HeaderPolicy } from "../head/header-policy.ts";
import {
  type Addresses,
  followAddresses,
  isFixedHost,
  type Lookup,
  systemLookup,
} from "../replicas/addresses.ts";
import { type Clock, systemClock } from "../replicas/clock.ts";
import type { Replica } from "../replicas/replica.ts";
import { ReplicaSet } from "../replicas/replica-set.ts";
import { type Checked, createSendCheck } from "../replicas/send-check.ts";
import { type Catalogue, createCatalogue } from "./catalogue.ts";
import { Lookups } from "./lookups.ts";
import { statusOf, type Upstream } from "./upstream.ts";
import { upstreamPolicies } from "./upstream-policies.ts";

export interface HttpUpstreamOptions {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[];
  /** Resolves the addresses of a host. @default the system's resolver */
  readonly lookup?: Lookup;
  /** @default the real time */
  readonly clock?: Clock;
  /** @default only this process continues the calls that an upstream keeps open */
  readonly parking?: Parking | undefined;
  /** @default credentials are passed on */
  readonly callers?: CallerHeaders | undefined;
  /** The memory for responses, which upstreams share. @default memory without a limit */
  readonly responses?: ResponseBudget | undefined;
  /** The tokens of the gateway for this upstream. @default it sends none */
  readonly credentials?: UpstreamCredentials | undefined;
  /** The verification of https replicas. @default Node's authorities and the host of the URL */
  readonly tls?: UpstreamTls | undefined;
  /** @default warnings are dropped */
  readonly onWarning?: ((message: string, cause?: unknown) => void) | undefined;
}

/** A replica that is not in the configuration, at a URL or behind a Unix socket. */
interface AddedReplica {
  /** The replica's name in `x-lutra-replica` and in logs. */
  readonly name: string;
  readonly url?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly pid?: number | undefined;
  /** True when the replica has reported that it is ready, so that no check is needed. @default false */
  readonly isReady?: boolean | undefined;
}

export interface HttpUpstream extends Upstream {
  readonly forward: (forward: Forward) => void;
  /** Adds a replica until the returned function is called. */
  readonly add: (replica: AddedReplica) => () => void;
}

const noLimit = (clock: Clock) =>
  new ResponseBudget({ maxBytes: Number.POSITIVE_INFINITY, waitMs: 0 }, clock);

/** The URL of the endpoint of a replica behind a Unix socket. */
const socketUrl = "http://localhost/mcp";

/**
 * Creates the upstream. It opens no connection before the first check or request. Each address of a
 * host is a replica of its own; hosts are resolved again every 30 s and after a failed connection.
 *
 * @throws {TypeError} for headers that Lutra sets itself, and for malformed ones
 */
export function createHttpUpstream(
  name: string,
  config: UpstreamConfig,
  options: HttpUpstreamOptions = {},
): HttpUpstream {
  const { methods = [], lookup = systemLookup, clock = systemClock } = options;
  const { credentials, onWarning = () => {}, responses = noLimit(clock) } = options;
  const callers = credentials ? withoutCallers(options.callers) : options.callers;
  const policy = new HeaderPolicy(config.headers);
  const lookups = new Lookups(name, onWarning);
  const replicas = new ReplicaSet({
    config,
    clock,
    tls: options.tls,
    sendCheck: createSendCheck(policy.set, {
      onEarlierRevision: (evidence) => onWarning(earlierRevisionWarning(name, evidence)),
      ...(mayBeLegacy(config) && observedBy(() => bridge)),
    }),
    onUnreachable: () => lookups.refresh(),
    onSilent: (...silent) => fleet.silent(...silent),
    onOut: (isOut, reason) => onWarning(outWarning(name, isOut, reason)),
  });
  const fleet = new Fleet({
    name,
    config,
    clock,
    replicas,
    methods,
    annotations: (tool) => catalogue.tool(tool)?.annotations,
    onShortage: (error) => onWarning(`upstream "${name}": no free file descriptor: ${error}`),
  });
  const send = createHttpSender(socketUrl, { headers: policy.set, methods });
  const parts = { headers: createMessageHeaders(policy, callers), responses };
  const modern = createHttpExchange({ name, send, ...parts });
  const bridge = createHttpBridge(name, config, { ...options, ...parts, modern, replicas });
  const deliver = createMessageDelivery(fleet, bridge?.exchange ?? modern, bridge?.preferred);
  const own = { name, config, methods: fleet.methods, credentials };
  const serve = compose(upstreamPolicies("all", own), deliver);
  const catalogue = createCatalogue(serve, clock);
  // When a connection breaks, it is too late to fetch the annotations that allow a retry.
  if (config.retries.trustAnnotations) replicas.whenReady(catalogue.prepare);
  lookups.followed = addReplicas(replicas, config, { lookup, clock, onFailure: lookups.report });
  const reading = { send, responses };
  const unread = withoutParsing(fleet, { policy, callers, reading, credentials, bridge });
  const { copy, ...unparsed } = unread;

  return {
    name,
    serve,
    ...unparsed,
    copy: (sent) => {
      if (bridge?.mustServe !== true) copy(sent);
    },
    ...(bridge && { mustServe: () => bridge.mustServe, untilKnown: () => bridge.untilKnown() }),
    hasToken: credentials && tokenTest(credentials),
    tool: catalogue.tool,
    findTool: catalogue.find,
    hasToolList: catalogue.isKnown,
    forget: catalogue.forget,
    add: ({ url = socketUrl, ...place }) => replicas.add({ ...place, url: new URL(url) }),
    isOut: () => replicas.isOut,
    setDrained: (...drained) => replicas.setDrained(...drained),
    partMs: config.timeouts.partMs,
    status: () => statusOf(fleet, config.module === undefined ? "url" : "module", lookups.problem),
    ready: (timeoutMs) => untilReady(replicas, clock, timeoutMs),
    close: async (graceMs) => {
      stopAll(lookups, catalogue, replicas);
      await fleet.close(graceMs);
      await bridge?.close();
      await replicas.destroy();
    },
  };
}

/** Stops what an upstream does without requests. */
function stopAll(
  lookups: Lookups,
  catalogue: Pick<Catalogue, "close">,
  replicas: ReplicaSet,
): void {
  lookups.stop();
  catalogue.close();
  replicas.stopChecks();
}

/** Returns the callbacks of checks that tell a bridge about the era of replicas. */
function observedBy(bridge: () => HttpBridge | undefined) {
  return {
    onChecked: (replica: Replica, outcome: Checked) => bridge()?.checked(replica, outcome),
    onEnd: () => bridge()?.checkEnded(),
  };
}

interface Unparsed {
  readonly policy: HeaderPolicy;
  readonly callers: CallerHeaders | undefined;
  readonly reading: { readonly send: HttpSender; readonly responses: ResponseBudget };
  readonly credentials: UpstreamCredentials | undefined;
  readonly bridge: HttpBridge | undefined;
}

/** Creates the deliveries of requests that are not parsed. */
function withoutParsing(fleet: Fleet, { policy, callers, reading, credentials, bridge }: Unparsed) {
  const requestHeaders = createRequestHeaders(policy, callers);
  const renamed = renamedRoute({ upstream: fleet.name, requestHeaders, ...reading });
  const passed = bridge && ((spliced: Spliced) => bridge.route(spliced));
  return {
    forward: createStreamDelivery(fleet, requestHeaders, streamTokensOf(credentials)),
    // A token that is refused could not be replaced.
    splice: credentials ? undefined : createSplicedDelivery(fleet, renamed),
    pass: credentials ? undefined : passed && createSplicedDelivery(fleet, passed),
    copy: copyWith(credentials, createCopyDelivery(fleet, requestHeaders)),
  };
}

function outWarning(upstream: string, isOut: boolean, reason = "no answer"): string {
  const state = isOut ? `is out, no replica is available: ${reason}` : "is available again";
  return `upstream "${upstream}" ${state}`;
}

interface Resolving {
  readonly lookup: Lookup;
  readonly clock: Clock;
  /** Called with the reason when a host can't be resolved, and with undefined when it can again. */
  readonly onFailure: (host: string, reason: string | undefined) => void;
}

/** Adds the replicas of the configuration. Returns the hosts whose addresses are followed. */
function addReplicas(
  replicas: ReplicaSet,
  { url = [], socket }: UpstreamConfig,
  { lookup, clock, onFailure }: Resolving,
): readonly Addresses[] {
  const followed: Addresses[] = [];
  let count = 0;
  const nextName = () => {
    count += 1;
    return String(count);
  };
  const add: ReplicaSet["add"] = (place) => replicas.add(place);
  for (const socketPath of socket === undefined ? [] : [socket].flat()) {
    add({ name: nextName(), url: new URL([url].flat()[0] ?? socketUrl), socketPath });
  }
  if (socket !== undefined) return followed;
  for (const one of [url].flat().map((text) => new URL(text))) {
    if (isFixedHost(one.hostname)) add({ name: nextName(), url: one });
    else {
      const report = (reason: string | undefined) => onFailure(one.hostname, reason);
      followed.push(followAddresses({ url: one, clock, lookup, nextName, add, onFailure: report }));
    }
  }
  return followed;
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
