/** The options of `createServer` and their defaults. */
import type { CacheHints } from "../protocol/caching.ts";
import type { Middleware } from "../protocol/exchange.ts";
import { isolate } from "../protocol/isolate.ts";
import type { Implementation } from "../protocol/meta.ts";
import { createJSONSchemaValidator, type JSONSchemaValidator } from "../schema/json-schema.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import { requireCacheHints } from "./cache-hints.ts";
import { type Extension, requireInstallable } from "./extension.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import type { SealKey } from "./seal.ts";
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
  /**
   * Keys that seal request state and cursors. All replicas need the same keys. The first one seals,
   * all of them open. To rotate keys, add a new one at the front.
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
  /**
   * Maximum number of values in the arguments of a tool with a Standard Schema, counting all members
   * and items. The budget of `validator` bounds those of other tools. @default 250000
   */
  readonly maxArgumentValues?: number;
  /** Maximum number of entries on one page of a list. @default 100 */
  readonly pageSize?: number;
  /** Freshness of lists and of `server/discover`. @default 5 minutes, public */
  readonly cache?: CacheHints;
  /** Maximum time for a client to answer an input request, in milliseconds. @default 600000 */
  readonly inputTtlMs?: number;
  /** Maximum size of a `requestState`, in bytes. @default 65536 */
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
  /** Maximum memory of their filters, about, in bytes. @default 134217728 (128 MiB) */
  readonly maxSubscriptionBytes?: number;
  /**
   * The part of `maxSubscriptions` and `maxSubscriptionBytes` that one caller may use, from 0 to 1.
   * Callers without a principal are distinguished by their address, where it is known. @default 0.1
   */
  readonly callerShare?: number;
  /** True to add the name and version of the server to every result. @default true */
  readonly identify?: boolean;
  /**
   * True to send the messages of `context.log`. @default false
   *
   * @deprecated Log to `stderr` or use OpenTelemetry.
   */
  readonly logging?: boolean;
  /** Called with every error that is masked for the client. @default console.error */
  readonly onError?: (error: unknown, where: string) => void;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

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
] as const;

type Optional = (typeof optional)[number];

/** Options with every default filled in. */
export type CompleteOptions = Required<Omit<ServerOptions, Optional | keyof Implementation>> &
  Pick<ServerOptions, Optional> & { readonly info: Implementation };

/**
 * Completes the options with their defaults.
 *
 * @throws {TypeError} for invalid options
 */
export function withDefaults(options: ServerOptions): CompleteOptions {
  if (!options.name || !options.version) {
    throw new TypeError("createServer: expected a name and a version");
  }
  requireAtLeast("pageSize", options.pageSize, 1);
  requireAtLeast("maxArgumentValues", options.maxArgumentValues, 1);
  requireCacheHints("createServer", options.cache);
  requireAtLeast("inputTtlMs", options.inputTtlMs, 1);
  requireAtLeast("maxStateBytes", options.maxStateBytes, 1);
  requireAtLeast("replayGraceMs", options.replayGraceMs, 0);
  requireAtLeast("maxResourceSubscriptions", options.maxResourceSubscriptions, 0);
  requireAtLeast("maxSubscriptions", options.maxSubscriptions, 1);
  requireAtLeast("maxSubscriptionBytes", options.maxSubscriptionBytes, 1);
  const { callerShare = 0.1 } = options;
  if (!(callerShare > 0 && callerShare <= 1)) {
    throw new TypeError("createServer: callerShare: expected more than 0 and at most 1");
  }
  requireInstallable(options.extensions ?? []);
  return {
    extensions: [],
    middleware: [],
    validator: createJSONSchemaValidator(),
    maxArgumentValues: 250_000,
    pageSize: 100,
    cache: { ttlMs: 300_000, cacheScope: "public" },
    inputTtlMs: 600_000,
    maxStateBytes: 65_536,
    replayGraceMs: 2000,
    maxResourceSubscriptions: 1000,
    maxSubscriptions: 10_000,
    maxSubscriptionBytes: 134_217_728,
    callerShare: 0.1,
    identify: true,
    logging: false,
    now: Date.now,
    ...definedOf(options),
    onError: isolate(options.onError ?? printError),
    info: implementationOf(options),
  };
}

function printError(error: unknown, where: string): void {
  console.error(`lutra: ${where}:`, error);
}

function implementationOf(options: ServerOptions): Implementation {
  const { name, version, title, description, websiteUrl, icons } = options;
  return definedOf({ name, version, title, description, websiteUrl, icons }) as Implementation;
}

/** Drops members that are `undefined`, because they would hide a default. */
function definedOf<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function requireAtLeast(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new TypeError(`createServer: ${name}: expected an integer of at least ${least}`);
}
