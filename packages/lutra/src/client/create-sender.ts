/**
 * Assembles the path of a request through a client. `serve` below is the list of its steps between
 * `send.ts` and the transport.
 */
import { type Caching, createCaching } from "../middleware/caching.ts";
import { compose, type Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { type Method, mayRunTwice, nameOf, type RepeatHints } from "../protocol/method.ts";
import { coreMethods } from "../protocol/methods.ts";
import { OpenSet } from "../protocol/open-entries.ts";
import type { DualTransport } from "../transport/era.ts";
import { type ClientOptions, type CompleteOptions, methodsOf, withDefaults } from "./options.ts";
import { createRequestMeta } from "./request-meta.ts";
import { renegotiateVersion, resendBroken } from "./resend.ts";
import { closedError, type Sender } from "./send.ts";
import type { Connection } from "./target.ts";
import { createVersions, type Versions } from "./versioning.ts";

export interface Parts {
  readonly sender: Sender;
  readonly caching: Caching;
  readonly versions: Versions;
  /** Sends a request once, through the middleware of the options and of the extensions. */
  readonly wire: Serve;
  /** The methods whose columns this client knows, by name. */
  readonly methods: ReadonlyMap<string, Method>;
  /** Ends everything in flight; later requests fail. */
  readonly stop: () => void;
  readonly close: () => Promise<void>;
}

export interface SenderInit {
  readonly connection: Connection;
  readonly options: ClientOptions;
  /** Returns the annotations of a tool, as far as the server has listed it. */
  readonly annotationsOf: (tool: string) => RepeatHints | undefined;
}

/** Completes the options, and creates the sender and its middleware. */
export function createSender({ connection, options: init, annotationsOf }: SenderInit): Parts {
  const { transport, server } = connection;
  const options = withDefaults(init);
  const methods = new Map(
    [...coreMethods, ...methodsOf(init)].map((method) => [method.name, method]),
  );
  const meta = createRequestMeta(options);
  const versions = createVersions(options, meta);
  const open: Sender["open"] = new OpenSet();
  let isClosed = false;
  const nextId = counter();
  const repeatable = ({ method: name, params }: JSONRPCRequest): boolean => {
    const method = methods.get(name);
    if (!options.trustAnnotations) return mayRunTwice(method);
    return mayRunTwice(method, annotationsOf(nameOf(method, params) ?? ""));
  };
  const caching = createClientCaching(options, methods, connection);
  // From the outermost to the innermost. A fallback to servers of earlier eras would go last.
  const wire = compose([...options.middleware, ...extensionMiddleware(options)], transport.serve);
  const serve = compose(
    [
      caching.middleware,
      resendBroken(repeatable, nextId),
      renegotiateVersion(versions, meta, nextId),
    ],
    wire,
  );
  const resultTypes = addedResultTypes(options);
  const stop = (): void => {
    isClosed = true;
    for (const end of open) end(closedError());
  };
  return {
    sender: {
      ...{ options, serve, meta, nextId, open, isClosed: () => isClosed, server, resultTypes },
      abandon: (transport as Partial<DualTransport>).abandon,
    },
    caching,
    versions,
    wire,
    methods,
    stop,
    close: async () => {
      stop();
      await transport.close();
    },
  };
}

function createClientCaching(
  options: CompleteOptions,
  methods: ReadonlyMap<string, Method>,
  { address }: Connection,
): Caching {
  const { cache, maxStaleMs, now, onWarning } = options;
  const ownName = uniqueName();
  return createCaching({
    cache,
    get server() {
      return address ?? ownName();
    },
    partition: partitionOf(options, ownName),
    methods: [...methods.values()],
    maxStaleMs,
    now,
    onWarning,
  });
}

function extensionMiddleware({ extensions }: CompleteOptions) {
  return extensions.flatMap(({ middleware = [] }) => middleware);
}

/** Returns, by method, the result types that extensions add to those of the core. */
function addedResultTypes({ extensions }: CompleteOptions): Sender["resultTypes"] {
  const added = new Map<string, Set<string>>();
  for (const [type, methods] of extensions.flatMap((it) => Object.entries(it.resultTypes ?? {}))) {
    for (const { name } of methods) added.set(name, (added.get(name) ?? new Set()).add(type));
  }
  return added;
}

/**
 * Returns a function for the name of the callers that share private responses. There is no name when
 * `headers` is a function: the caller may then differ from request to request.
 */
function partitionOf(
  { partition, headers }: CompleteOptions,
  ownName: () => string,
): () => string | undefined {
  if (partition !== undefined) return () => `named ${partition}`;
  return typeof headers === "function" ? () => undefined : ownName;
}

/**
 * Returns a function for a name that no other client has, in any process. It is drawn by the first
 * call, since Workers refuse randomness while a module loads.
 */
function uniqueName(): () => string {
  let name: string | undefined;
  return () => {
    name ??= `client ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    return name;
  };
}

function counter(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}
