/** The options of `createClient` and of single requests, completed once. */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { Middleware } from "../protocol/exchange.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import type { Implementation } from "../protocol/meta.ts";
import type { Method } from "../protocol/method.ts";
import { modernVersions } from "../protocol/versioning.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import { createJSONSchemaValidator } from "../schema/json-schema.ts";
import type { ResponseCache } from "../stores/response-cache.ts";
import { createMemoryResponseCache } from "../stores/response-cache.ts";
import type { HttpTransportOptions } from "../transport/http/client.ts";
import type { ElicitHandler } from "./elicitation.ts";
import type { ClientExtension } from "./extension.ts";
import { checkExtensions } from "./extension-rules.ts";
import type { RootsHandler } from "./roots.ts";
import type { SampleHandler } from "./sampling.ts";

/** Those of `HttpTransportOptions` mean nothing where the target is no URL. */
export interface ClientOptions extends HttpTransportOptions {
  /** Name and version of the program. @default { name: "lutra-client", version: "0.1.0" } */
  readonly clientInfo?: Implementation;
  /** Whether requests say which program sends them. @default true */
  readonly identify?: boolean;
  /** Answers questions to the user. Declares the `elicitation` capability on every request. */
  readonly onElicit?: ElicitHandler;
  /** The modes that `onElicit` can show: forms, URLs or both. @default { form: {} } */
  readonly elicitation?: NonNullable<ClientCapabilities["elicitation"]>;
  /**
   * Answers for the model. Declares the `sampling` capability on every request.
   *
   * @deprecated Servers call a model provider themselves.
   */
  readonly onSample?: SampleHandler;
  /** What `onSample` supports, such as `{ tools: {} }`. @default {} */
  readonly sampling?: NonNullable<ClientCapabilities["sampling"]>;
  /**
   * Lists directories. Declares the `roots` capability on every request.
   *
   * @deprecated Pass directories as tool arguments, resource URIs or configuration.
   */
  readonly onRoots?: RootsHandler;
  /** How many times one request is retried with input before it fails. @default 16 */
  readonly maxInputRounds?: number;
  /** Extensions, which are declared on every request. @default [] */
  readonly extensions?: readonly ClientExtension[];
  /** More methods: their requests are mirrored, cached and sent again as they say. */
  readonly methods?: readonly Method[];
  /** Wraps every request that is sent, also retries; the first is the outermost. @default [] */
  readonly middleware?: readonly Middleware[];
  /** How long a request may go without a result or progress, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /** How long a request may take in all, whatever its progress, in milliseconds. @default 600000 */
  readonly maxTimeoutMs?: number;
  /** Keeps responses as servers allow. @default 8 MiB in memory, for this client alone */
  readonly cache?: ResponseCache;
  /**
   * The authorization context that `private` responses belong to, such as the id of the user.
   * @default this client alone; where `headers` is a function, none is kept
   */
  readonly partition?: string;
  /** How old a response may be that stands in while the server is down, in milliseconds. @default 3600000 */
  readonly maxStaleMs?: number;
  /**
   * Whether a tool that calls itself read-only or idempotent is called again after a broken
   * connection. Only for servers whose annotations you trust. @default false
   */
  readonly trustAnnotations?: boolean;
  /** Compiles output schemas and the schemas of forms. @default the interpreting one of this package */
  readonly validator?: JSONSchemaValidator;
  /** Whether `structuredContent` is checked against the tool's output schema. @default true */
  readonly validateStructuredContent?: boolean;
  /** How many pages of one list are collected. @default 1000 */
  readonly maxPages?: number;
  /**
   * The least severe message that requests with `onLog` ask for. @default "info"
   *
   * @deprecated Logging is deprecated; use `stderr` or OpenTelemetry.
   */
  readonly logLevel?: LoggingLevel;
  /** Protocol versions to speak, the preferred one first. @default all that this package knows */
  readonly versions?: readonly string[];
  /** Hears what is wrong but no reason to fail. @default console.warn */
  readonly onWarning?: (message: string, cause?: unknown) => void;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Numbers from 0 to 1, for jitter. @default Math.random */
  readonly random?: () => number;
}

type Optional = "onElicit" | "onSample" | "onRoots" | "partition";

/** Options with every default filled in. */
export type CompleteOptions = Required<Omit<ClientOptions, Optional | keyof HttpTransportOptions>> &
  Pick<ClientOptions, Optional | "headers"> & { readonly capabilities: ClientCapabilities };

/**
 * Fills the defaults in.
 *
 * @throws {TypeError} for nonsense
 */
export function withDefaults(options: ClientOptions): CompleteOptions {
  for (const name of ["timeoutMs", "maxTimeoutMs", "maxInputRounds", "maxPages"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0)) throw new TypeError(`${name}: expected more than 0`);
  }
  checkExtensions(options.extensions ?? [], options.methods ?? []);
  if (options.versions?.length === 0) throw new TypeError("versions: expected at least one");
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
    maxPages: 1000,
    logLevel: "info",
    versions: modernVersions,
    onWarning: (message, cause) => console.warn(`lutra: ${message}`, ...(cause ? [cause] : [])),
    now: Date.now,
    random: Math.random,
    ...definedOf(options),
    capabilities: capabilitiesOf(options),
  };
}

/**
 * What the client declares on every request: no more than it has handlers for.
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

/** The methods of the options and of the listed extensions. */
export function methodsOf({ methods = [], extensions = [] }: ClientOptions): readonly Method[] {
  return [...methods, ...extensions.flatMap((extension) => extension.methods ?? [])];
}

/** Leaves out members that are `undefined`, so that they do not hide a default. */
function definedOf<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
