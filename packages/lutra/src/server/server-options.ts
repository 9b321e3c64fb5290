/** The options of `createServer`, completed once. */
import type { CacheHints } from "../protocol/caching.ts";
import type { Middleware } from "../protocol/exchange.ts";
import type { Implementation } from "../protocol/meta.ts";
import { createJSONSchemaValidator, type JSONSchemaValidator } from "../schema/json-schema.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import { requireCacheHints } from "./cache-hints.ts";
import { type Extension, requireExtensionIds } from "./extension.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import type { SealKey } from "./seal.ts";
import type { ToolDefinition } from "./tools.ts";

export interface ServerOptions<
  Tools extends readonly ToolDefinition[] = readonly ToolDefinition[],
  Prompts extends readonly PromptDefinition[] = readonly PromptDefinition[],
  Templates extends readonly ResourceTemplateDefinition[] = readonly ResourceTemplateDefinition[],
> extends Implementation {
  /** How to use the server well, for a model; shown by `server/discover`. */
  readonly instructions?: string;
  /** Leave out what the server does not offer: its methods then do not exist. */
  readonly tools?: Tools;
  readonly resources?: readonly ResourceDefinition[];
  readonly resourceTemplates?: Templates;
  readonly prompts?: Prompts;
  readonly extensions?: readonly Extension[];
  /** Wraps every admitted request; the first is the outermost. */
  readonly middleware?: readonly Middleware[];
  /**
   * Keys that seal request state and cursors; all replicas need the same. The first seals, all
   * open, so rotate by putting a new one in front. @default a random key of this process
   */
  readonly keys?: readonly SealKey[];
  /** Carries change notifications between replicas. @default in memory */
  readonly events?: EventBus;
  /** Remembers used request state, for definitions with `singleUse`. @default in memory */
  readonly replayGuard?: ReplayGuard;
  /** Keeps the values of handles. @default in memory */
  readonly handles?: HandleStore;
  /** Compiles plain JSON Schemas. @default the interpreting one of this package */
  readonly validator?: JSONSchemaValidator;
  /** Entries on one page of a list. @default 100 */
  readonly pageSize?: number;
  /** Freshness of lists and of `server/discover`. @default 5 minutes, public */
  readonly cache?: CacheHints;
  /** How long a client may take to answer an input request, in milliseconds. @default 600000 */
  readonly inputTtlMs?: number;
  /** The largest `requestState`, in bytes. @default 65536 */
  readonly maxStateBytes?: number;
  /** How many resources one subscription may name. @default 1000 */
  readonly maxResourceSubscriptions?: number;
  /** Whether results say which server made them. @default true */
  readonly identify?: boolean;
  /**
   * Whether `context.log` sends anything. @default false
   *
   * @deprecated Log to `stderr` or use OpenTelemetry.
   */
  readonly logging?: boolean;
  /** Hears of every failure whose cause the peer is not told. @default console.error */
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
 * Fills the defaults in.
 *
 * @throws {TypeError} for nonsense
 */
export function withDefaults(options: ServerOptions): CompleteOptions {
  if (!options.name || !options.version) throw new TypeError("createServer: name and version");
  requireAtLeast("pageSize", options.pageSize, 1);
  requireCacheHints("createServer", options.cache);
  requireAtLeast("inputTtlMs", options.inputTtlMs, 1);
  requireAtLeast("maxStateBytes", options.maxStateBytes, 1);
  requireAtLeast("maxResourceSubscriptions", options.maxResourceSubscriptions, 0);
  requireExtensionIds(options.extensions ?? []);
  return {
    extensions: [],
    middleware: [],
    validator: createJSONSchemaValidator(),
    pageSize: 100,
    cache: { ttlMs: 300_000, cacheScope: "public" },
    inputTtlMs: 600_000,
    maxStateBytes: 65_536,
    maxResourceSubscriptions: 1000,
    identify: true,
    logging: false,
    onError: (error, where) => console.error(`lutra: ${where}:`, error),
    now: Date.now,
    ...definedOf(options),
    info: implementationOf(options),
  };
}

function implementationOf(options: ServerOptions): Implementation {
  const { name, version, title, description, websiteUrl, icons } = options;
  return definedOf({ name, version, title, description, websiteUrl, icons }) as Implementation;
}

/** Leaves out members that are `undefined`, so that they do not hide a default. */
function definedOf<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function requireAtLeast(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new TypeError(`createServer: ${name}: expected an integer of at least ${least}`);
}
