/** The way of a request through a client. */
import { type Caching, createCaching } from "../middleware/caching.ts";
import { compose, type Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import { coreMethods } from "../protocol/methods.ts";
import type { TransportError } from "../protocol/transport-error.ts";
import { closedError } from "./exchange.ts";
import { type ClientOptions, type CompleteOptions, methodsOf, withDefaults } from "./options.ts";
import { createRequestMeta } from "./request-meta.ts";
import { resendSafe } from "./resend.ts";
import type { Sender } from "./send.ts";
import type { Connection } from "./target.ts";
import { createVersions, renegotiateVersion, type Versions } from "./versioning.ts";

export interface Parts {
  readonly sender: Sender;
  readonly caching: Caching;
  readonly versions: Versions;
  /** Sends a request once, and does nothing else about it than the user's middleware. */
  readonly wire: Serve;
  /** The methods whose columns this client knows. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly close: () => Promise<void>;
}

export interface SenderInit {
  readonly connection: Connection;
  readonly options: ClientOptions;
  /** True for requests that a server's own word calls safe to send twice. */
  readonly claimsSafe: (request: JSONRPCRequest) => boolean;
}

/** Completes the options, and puts together what sends requests by them. */
export function createSender({ connection, options: init, claimsSafe }: SenderInit): Parts {
  const { transport, server } = connection;
  const options = withDefaults(init);
  const methods = new Map(
    [...coreMethods, ...methodsOf(init)].map((method) => [method.name, method]),
  );
  const meta = createRequestMeta(options);
  const versions = createVersions(options, meta);
  const open = new Set<(error: TransportError) => void>();
  let lastId = 0;
  let isClosed = false;
  const nextId = () => {
    lastId += 1;
    return lastId;
  };
  const isSafe = (request: JSONRPCRequest) =>
    methods.get(request.method)?.safe === true || (options.trustAnnotations && claimsSafe(request));
  const partition = partitionOf(options);
  const caching = createCaching({
    cache: options.cache,
    server: connection.address ?? uniqueName(),
    partition: () => partition,
    methods: [...methods.values()],
    maxStaleMs: options.maxStaleMs,
    now: options.now,
    onWarning: options.onWarning,
  });
  const wire = compose(options.middleware, transport.serve);
  // From the outermost to the innermost. A fallback to servers of earlier eras goes to the end.
  const serve = compose(
    [caching.middleware, resendSafe(isSafe, nextId), renegotiateVersion(versions, meta, nextId)],
    wire,
  );
  const resultTypes = addedResultTypes(options);
  const sender = { options, serve, meta, nextId, open, isClosed: () => isClosed, server };
  return {
    sender: { ...sender, resultTypes },
    caching,
    versions,
    wire,
    methods,
    close: async () => {
      isClosed = true;
      for (const stop of [...open]) stop(closedError());
      await transport.close();
    },
  };
}

/** What results of a method may be beside those of the core. */
function addedResultTypes({ extensions }: CompleteOptions): Sender["resultTypes"] {
  const added = new Map<string, Set<string>>();
  for (const [type, methods] of extensions.flatMap((it) => Object.entries(it.resultTypes ?? {}))) {
    for (const { name } of methods) added.set(name, (added.get(name) ?? new Set()).add(type));
  }
  return added;
}

/** Who may see private responses again. With headers of each moment, that can't be known. */
function partitionOf({ partition, headers }: CompleteOptions): string | undefined {
  if (partition !== undefined) return `named ${partition}`;
  return typeof headers === "function" ? undefined : uniqueName();
}

/** A name that no other client has, wherever it runs. */
function uniqueName(): string {
  return `client ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
}
