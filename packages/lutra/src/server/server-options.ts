/** The options of `createServer` and their defaults. */
import type { CacheHints } from "../protocol/caching.ts";
import type { Middleware } from "../protocol/exchange.ts";
import { requireSafeIcons } from "../protocol/icons.ts";
import { isolate } from "../protocol/isolate.ts";
import {
  requireArray,
  requireFunctions,
  requireKnownMembers,
  requireObject,
} from "../protocol/known-members.ts";
import type { Implementation } from "../protocol/meta.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import { requireCacheHints } from "./cache-hints.ts";
import type { Extension } from "./extension.ts";
import type { Observer } from "./handler/observer.ts";
import { maskedErrorPrinter, printError } from "./print-error.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import { maxSealLength, type SealKey } from "./seal.ts";
import type { ToolDefinition } from "./tools.ts";

export interface ServerOptions<
  Tools extends readonly ToolDefinition[] = readonly ToolDefinition[],
  Prompts extends readonly PromptDefinition[] = readonly PromptDefinition[],
  Templates extends readonly ResourceTemplateDefinition[] = readonly ResourceTemplateDefinition[],
> extends Implementation {
  /** Instructions for a model on how to use the server, sent in `server/discover`. */
  readonly instructions?: string;
  /**
   * The tools. Omit a list that the server does not offer; its methods are then unknown. Pass `[]`
   * for a list that is filled later.
   */
  readonly tools?: Tools;
  readonly resources?: readonly ResourceDefinition[];
  readonly resourceTemplates?: Templates;
  readonly prompts?: Prompts;
  readonly extensions?: readonly Extension[];
  /** Wraps every admitted request. The first is the outermost; extensions follow inside. */
  readonly middleware?: readonly Middleware[];
  /** Observes requests, rounds and steps, for example `traceServer()` of `lutra/otel`. @default none */
  readonly observer?: Observer;
  /**
   * Keys that seal request state and cursors. All replicas need the same keys. The first one seals,
   * all of them open. To rotate keys, add a new one at the end on all replicas, then move it to the
   * front.
   *
   * @default a random key of this process
   */
  readonly keys?: readonly SealKey[];
  /** Carries change notifications between replicas. @default in memory */
  readonly events?: EventBus;
  /** Records used request state, for definitions with `singleUse`. @default in memory */
  readonly replayGuard?: ReplayGuard;
  /** Stores the values of handles. @default in memory */
  readonly handles?: HandleStore;
  /**
   * Compiles JSON Schemas.
   *
   * @default `createJSONSchemaValidator()`
   */
  readonly validator?: JSONSchemaValidator;
  /** Maximum number of entries on one page of a list. @default 100 */
  readonly pageSize?: number;
  /** Freshness of lists and of `server/discover`. @default 5 minutes, public */
  readonly cache?: CacheHints;
  /** Maximum time for a client to answer an input request, in milliseconds. @default 600000 */
  readonly inputTtlMs?: number;
  /** Maximum size of a `requestState`, in bytes; at most 1048576. @default 65536 */
  readonly maxStateBytes?: number;
  /**
   * Time that a step, input request or sleep waits in a replay for another one that must start
   * before it, in milliseconds. After that, the handler counts as changed, and its call fails.
   * @default 2000
   */
  readonly replayGraceMs?: number;
  /** Maximum number of resources that one subscription may name. @default 1000 */
  readonly maxResourceSubscriptions?: number;
  /**
   * Maximum number of subscriptions that are open at once in this process. Further ones are refused
   * with status 429. @default 10000
   */
  readonly maxSubscriptions?: number;
  /** Approximate maximum memory of open subscriptions, in bytes. @default 134217728 (128 MiB) */
  readonly maxSubscriptionBytes?: number;
  /**
   * The part of `maxSubscriptions` and `maxSubscriptionBytes` that one caller may use, from 0 to 1.
   * Callers without a principal are distinguished by their address, where it is known. @default 0.1
   */
  readonly callerShare?: number;
  /**
   * True to leave out of lists the tools, prompts and resources whose `scopes` the caller does not
   * have. Such lists are private. Clients do not learn of these entries, so they do not ask for the
   * scopes. Scopes that depend on arguments hide nothing. @default false
   */
  readonly listsByScope?: boolean;
  /** True to add the name and version of the server to every result. @default true */
  readonly identify?: boolean;
  /**
   * True to send the messages of `context.log`. @default false
   *
   * @deprecated Log to `stderr` or use OpenTelemetry.
   */
  readonly logging?: boolean;
  /**
   * Called with every error that is masked for the client, and with the method and the tool, prompt
   * or resource of its request, and the id of its trace, if it has one. @default prints the error, without the stack frames of Lutra
   */
  readonly onError?: (error: unknown, where: string) => void;
  /**
   * True to send the message of an error that a tool throws to the client. Messages may contain
   * secrets, so use it in development only. @default false
   */
  readonly exposeErrors?: boolean;
  /** Called for definitions that not all clients accept. @default console.warn */
  readonly onWarning?: (message: string) => void;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The options without a default. */
const optional = [
  "instructions",
  "tools",
  "resources",
  "resourceTemplates",
  "prompts",
  "keys",
  "events",
  "replayGuard",
  "handles",
  "observer",
] as const;

type Optional = (typeof optional)[number];

const implementation = [
  "name",
  "version",
  "title",
  "description",
  "websiteUrl",
  "icons",
] as const satisfies readonly (keyof Implementation)[];

/** Options with every default filled in. */
export type CompleteOptions = Required<Omit<ServerOptions, Optional | keyof Implementation>> &
  Pick<ServerOptions, Optional> & {
    readonly info: Implementation;
    /** Called with errors that are masked for a client; `onError` is called with all others. */
    readonly onMasked: (error: unknown, where: string) => void;
  };

/**
 * Completes the options with their defaults.
 *
 * @throws {TypeError} for invalid options
 */
export function withDefaults(
  options: ServerOptions,
  createValidator: () => JSONSchemaValidator,
): CompleteOptions {
  const defaults = defaultOptions(createValidator);
  const known = [...implementation, ...optional, ...Object.keys(defaults)];
  requireKnownMembers(options, known, "createServer");
  requireText("name", options.name);
  requireText("version", options.version);
  for (const [name, least] of Object.entries(leastValues)) {
    requireAtLeast(name, options[name as keyof typeof leastValues], least);
  }
  requireCacheHints("createServer", options.cache);
  // A longer state would be sent, and refused when it returns.
  if (options.maxStateBytes !== undefined && options.maxStateBytes > maxSealLength) {
    throw new TypeError(`createServer: maxStateBytes: expected at most ${maxSealLength}`);
  }
  const { callerShare = 0.1 } = options;
  if (!(callerShare > 0 && callerShare <= 1)) {
    throw new TypeError("createServer: callerShare: expected more than 0 and at most 1");
  }
  const { keys = [], middleware = [], extensions = [] } = options;
  requireArray("createServer: keys", keys, "object");
  requireArray("createServer: middleware", middleware, "function");
  requireArray("createServer: extensions", extensions, "object");
  if (options.observer !== undefined) requireObject("createServer: observer", options.observer);
  requireFunctions("createServer", options, ["onError", "onWarning", "now"]);
  requireSafeIcons("createServer", options.icons);
  return {
    ...defaults,
    ...definedOf(options),
    onError: isolate(options.onError ?? printError),
    onMasked: isolate(options.onError ?? maskedErrorPrinter()),
    onWarning: isolate(options.onWarning ?? printWarning),
    info: implementationOf(options),
  };
}

/** The smallest values of numbers in the options. */
const leastValues = {
  pageSize: 1,
  inputTtlMs: 1,
  maxStateBytes: 1,
  replayGraceMs: 0,
  maxResourceSubscriptions: 0,
  maxSubscriptions: 1,
  maxSubscriptionBytes: 1,
} as const;

/** Returns the default of every option that has one. */
function defaultOptions(
  createValidator: () => JSONSchemaValidator,
): Omit<CompleteOptions, Optional | "info" | "onMasked"> {
  return {
    extensions: [],
    middleware: [],
    validator: createValidator(),
    pageSize: 100,
    cache: { ttlMs: 300_000, cacheScope: "public" },
    inputTtlMs: 600_000,
    maxStateBytes: 65_536,
    replayGraceMs: 2000,
    maxResourceSubscriptions: 1000,
    maxSubscriptions: 10_000,
    maxSubscriptionBytes: 134_217_728,
    callerShare: 0.1,
    listsByScope: false,
    identify: true,
    logging: false,
    exposeErrors: false,
    onError: printError,
    onWarning: printWarning,
    now: Date.now,
  };
}

function printWarning(message: string): void {
  console.warn(`lutra: ${message}`);
}

function implementationOf(options: ServerOptions): Implementation {
  const members = implementation.map((name) => [name, options[name]]);
  return definedOf(Object.fromEntries(members));
}

/** Drops members that are `undefined`, because they would hide a default. */
function definedOf<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function requireText(name: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return;
  throw new TypeError(`createServer: ${name}: expected a string of at least 1 character`);
}

function requireAtLeast(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new TypeError(`createServer: ${name}: expected an integer of at least ${least}`);
}
