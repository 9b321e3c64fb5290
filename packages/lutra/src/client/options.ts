/** The options of `createClient`, completed once. */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { Middleware } from "../protocol/exchange.ts";
import { isolate } from "../protocol/isolate.ts";
import {
  requireArray,
  requireFunctions,
  requireKnownMembers,
  requireObject,
} from "../protocol/known-members.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import type { Implementation } from "../protocol/meta.ts";
import type { Method } from "../protocol/method.ts";
import { modernVersions } from "../protocol/versioning.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import { createJSONSchemaValidator } from "../schema/json-schema.ts";
import { createMemoryResponseCache } from "../stores/memory-response-cache.ts";
import type { ResponseCache } from "../stores/response-cache.ts";
import { steadyNow } from "../time/steady-clock.ts";
import type { EraOptions } from "../transport/era.ts";
import type { HttpTransportOptions } from "../transport/http/client.ts";
import type { ElicitHandler } from "./elicitation.ts";
import type { ClientExtension } from "./extension.ts";
import { checkExtensions } from "./extension-rules.ts";
import type { RootsHandler } from "./roots.ts";
import type { SampleHandler } from "./sampling.ts";
import { limitWarnings } from "./warnings.ts";

/**
 * Options of a client. Those of `HttpTransportOptions` apply only to targets that are URLs, and those
 * of `EraOptions` to URLs and commands.
 */
export interface ClientOptions extends HttpTransportOptions, EraOptions {
  /** Name and version of the program. @default { name: "lutra-client", version: "0.1.0" } */
  readonly clientInfo?: Implementation;
  /** Includes `clientInfo` in every request. @default true */
  readonly identify?: boolean;
  /** Asks the user. Declares the `elicitation` capability on every request. */
  readonly onElicit?: ElicitHandler;
  /** The modes that `onElicit` supports: forms, URLs or both. @default { form: {} } */
  readonly elicitation?: NonNullable<ClientCapabilities["elicitation"]>;
  /**
   * Calls the model. Declares the `sampling` capability on every request.
   *
   * @deprecated Let servers call a model provider.
   */
  readonly onSample?: SampleHandler;
  /** The features that `onSample` supports, such as `{ tools: {} }`. @default {} */
  readonly sampling?: NonNullable<ClientCapabilities["sampling"]>;
  /**
   * Lists directories. Declares the `roots` capability on every request.
   *
   * @deprecated Pass directories as tool arguments, resource URIs or configuration.
   */
  readonly onRoots?: RootsHandler;
  /** Maximum number of times one request is retried with input. @default 16 */
  readonly maxInputRounds?: number;
  /** Maximum number of input requests of one call, over all its rounds. @default 100 */
  readonly maxInputRequests?: number;
  /** Extensions; declared on every request. @default [] */
  readonly extensions?: readonly ClientExtension[];
  /** Further methods. Their members determine the headers, caching and retries of requests. */
  readonly methods?: readonly Method[];
  /**
   * Wraps every request that is sent, including retries. The first is the outermost. @default []
   */
  readonly middleware?: readonly Middleware[];
  /** Maximum time without a result or progress, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /**
   * Maximum time of a call, regardless of progress, in milliseconds. It includes all requests that
   * the call sends: pages, retries and rounds. It excludes the time of the client's handlers.
   * @default 600000
   */
  readonly maxTimeoutMs?: number;
  /** Stores responses as long as servers allow. @default 8 MiB in memory, for this client alone */
  readonly cache?: ResponseCache;
  /**
   * The authorization context that `private` responses belong to, such as the id of the user.
   * @default this client alone; none is stored when `headers` is a function
   */
  readonly partition?: string;
  /**
   * Maximum time for which a stale response is used while the server is unavailable, in
   * milliseconds. @default 3600000
   */
  readonly maxStaleMs?: number;
  /**
   * Calls a tool again after a broken connection when its annotations say that it is read-only or
   * idempotent. Use it only for servers that you trust. @default false
   */
  readonly trustAnnotations?: boolean;
  /** Compiles output schemas and the schemas of forms. @default the interpreter of this package */
  readonly validator?: JSONSchemaValidator;
  /** Validates `structuredContent` against the tool's output schema. @default true */
  readonly validateStructuredContent?: boolean;
  /** Maximum number of pages that are collected for one list. @default 1000 */
  readonly maxPages?: number;
  /**
   * Maximum size of all pages of one list in memory, about, in bytes. @default 67108864 (64 MiB)
   */
  readonly maxListBytes?: number;
  /**
   * The lowest level of log messages that requests with `onLog` ask for. @default "info"
   *
   * @deprecated Logging is deprecated; use `stderr` or OpenTelemetry.
   */
  readonly logLevel?: LoggingLevel;
  /**
   * Protocol versions, the preferred one first. @default all versions that this package supports
   */
  readonly versions?: readonly string[];
  /**
   * Called with problems that do not fail a request, at most 100 times a minute.
   * @default console.warn
   */
  readonly onWarning?: (message: string, cause?: unknown) => void;
  /**
   * The clock, in milliseconds since 1970. @default the system's time, but never set back
   */
  readonly now?: () => number;
  /** Returns a number from 0 to 1, for jitter. @default Math.random */
  readonly random?: () => number;
}

/** The options without a default. */
const optional = [
  "onElicit",
  "onSample",
  "onRoots",
  "partition",
  "era",
  "verdicts",
  "probeTimeoutMs",
  "inputWaitMs",
] as const;

type Optional = (typeof optional)[number];

/** The options that are called, and whose absence matters only at that time. */
const functions = [
  "onElicit",
  "onSample",
  "onRoots",
  "onWarning",
  "now",
  "random",
  "fetch",
] as const;

/** The options of the HTTP transport. */
const httpOptions: { readonly [Name in keyof HttpTransportOptions]-?: true } = {
  headers: true,
  maxResponseBytes: true,
  maxResponseValues: true,
  maxConnections: true,
  fetch: true,
  auth: true,
  methods: true,
};

/** Options with every default filled in. */
export type CompleteOptions = Required<Omit<ClientOptions, Optional | keyof HttpTransportOptions>> &
  Pick<ClientOptions, Optional | "headers" | "auth"> & {
    readonly capabilities: ClientCapabilities;
  };

/** The options that must be positive. */
const limits = [
  "timeoutMs",
  "maxTimeoutMs",
  "probeTimeoutMs",
  "maxInputRounds",
  "maxInputRequests",
  "maxPages",
  "maxListBytes",
] as const;

/**
 * Completes the options.
 *
 * @throws {TypeError} for an invalid option
 */
export function withDefaults(options: ClientOptions): CompleteOptions {
  const defaults = defaultOptions();
  const known = [...Object.keys(defaults), ...optional, ...Object.keys(httpOptions)];
  requireKnownMembers(options, known, "createClient");
  for (const name of limits) {
    const value = options[name];
    if (value !== undefined && !(value > 0))
      throw new TypeError(`${name}: expected a positive number`);
  }
  requireArray("createClient: versions", options.versions ?? [], "string");
  requireArray("createClient: middleware", options.middleware ?? [], "function");
  requireFunctions("createClient", options, functions);
  const { headers = {} } = options;
  if (typeof headers !== "function") requireObject("createClient: headers", headers);
  checkExtensions(options.extensions ?? [], options.methods ?? []);
  if (options.versions?.length === 0)
    throw new TypeError("versions: expected at least one version");
  return {
    ...defaults,
    ...definedOf(options),
    onWarning: limitWarnings(isolate(options.onWarning ?? defaults.onWarning)),
    capabilities: capabilitiesOf(options),
  };
}

/** Returns the default of every option that has one. */
function defaultOptions(): Omit<CompleteOptions, Optional | "headers" | "auth" | "capabilities"> {
  return {
    clientInfo: { name: "lutra-client", version: "0.1.0" },
    identify: true,
    elicitation: { form: {} },
    sampling: {},
    maxInputRounds: 16,
    extensions: [],
    middleware: [],
    timeoutMs: 60_000,
    maxTimeoutMs: 600_000,
    cache: createMemoryResponseCache(),
    maxStaleMs: 3_600_000,
    trustAnnotations: false,
    validator: createJSONSchemaValidator(),
    validateStructuredContent: true,
    maxInputRequests: 100,
    maxPages: 1000,
    maxListBytes: 67_108_864,
    logLevel: "info",
    versions: modernVersions,
    now: steadyNow,
    random: Math.random,
    onWarning: printWarning,
  };
}

function printWarning(message: string, cause?: unknown): void {
  console.warn(`lutra: ${message}`, ...(cause ? [cause] : []));
}

/**
 * Returns the capabilities that every request declares: only those that have a handler.
 *
 * @spec basic/index#meta, basic/versioning#extension-negotiation
 */
function capabilitiesOf(options: ClientOptions): ClientCapabilities {
  const {
    onElicit,
    elicitation = { form: {} },
    onSample,
    sampling = {},
    extensions: listed = [],
  } = options;
  if (elicitation.form === undefined && elicitation.url === undefined) {
    throw new TypeError("elicitation: expected at least one of form and url");
  }
  const extensions = Object.fromEntries(listed.map(({ id, settings = {} }) => [id, settings]));
  return {
    ...(onElicit && { elicitation }),
    ...(onSample && { sampling }),
    ...(options.onRoots && { roots: {} }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  };
}

/**
 * Returns the methods of the options and of the listed extensions.
 *
 * @throws {TypeError} where the options or one of the lists have another type
 */
export function methodsOf(options: ClientOptions): readonly Method[] {
  requireObject("createClient", options);
  const { methods = [], extensions = [] } = options;
  requireArray("createClient: methods", methods, "object");
  requireArray("createClient: extensions", extensions, "object");
  return [...methods, ...extensions.flatMap((extension) => extension.methods ?? [])];
}

/** Removes members that are `undefined`, so that they do not replace a default. */
function definedOf<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
