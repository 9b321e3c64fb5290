/**
 * Handles: strings that a tool returns and takes back, for values that an application keeps between
 * calls. The protocol has no type for them; to the protocol a handle is an ordinary argument.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ContentBlock } from "../protocol/content.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { JSONValue } from "../protocol/json.ts";
import type { HandleStore, StoredHandle } from "../stores/handle-store.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import { randomId } from "./random-id.ts";
import { toolErrorBrand } from "./results.ts";

/** The part of a handler's context by which handles identify the caller and find the store. */
export type HandleCaller = Pick<HandlerContext, "principal" | "handleStore" | "signal">;

export interface HandlesOptions {
  /** Time that a value is kept after its last write, in milliseconds. */
  readonly ttlMs: number;
  /** The store for the values. @default the store of the server */
  readonly store?: HandleStore;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface TypedHandlesOptions<Kept, Value> extends HandlesOptions {
  /** Checks values from the store, because an earlier version may have written them. */
  readonly schema: StandardSchemaV1<Kept, Value>;
}

/** The handles of one kind. A handle belongs to the principal whose call minted it. */
export interface Handles<Value, Kept = Value> {
  /** Stores a value and returns a handle that cannot be guessed. */
  readonly mint: (caller: HandleCaller, value: Kept) => Promise<string>;
  /** @throws {UnknownHandleError} for a handle that is unknown, expired or not the caller's */
  readonly read: (caller: HandleCaller, handle: string) => Promise<Value>;
  /**
   * Replaces the value with the one that `change` returns, and resolves to it. After a concurrent
   * write, `change` is called again with the new value, so that no change is lost.
   *
   * @throws {UnknownHandleError} for a handle that is unknown, expired or not the caller's
   */
  readonly update: (
    caller: HandleCaller,
    handle: string,
    change: (value: Value) => Kept | Promise<Kept>,
  ) => Promise<Kept>;
  /** Deletes a value. Does nothing for an unknown handle. */
  readonly drop: (caller: HandleCaller, handle: string) => Promise<void>;
}

/**
 * The error for a handle that is unknown, has expired or belongs to another principal; it does not
 * say which. A tool that throws it shows the message to the model. Elsewhere it is error -32602.
 */
export class UnknownHandleError extends ProtocolError {
  override readonly name: string = "UnknownHandleError";
  readonly content: readonly ContentBlock[];

  constructor(kind: string) {
    const message = `Unknown ${kind}, or it has expired`;
    super("invalidParams", message);
    this.content = [{ type: "text", text: message }];
    Object.defineProperty(this, toolErrorBrand, { value: true });
  }
}

/** Number of new handles after which some expired values are deleted. */
const sweepEvery = 32;
const sweepLimit = 100;

/**
 * Declares a kind of handles, whose values are JSON. A replay of a handler mints again, so mint
 * inside `context.step` when input requests follow.
 *
 * @param kind The prefix of each handle, for example `trip` in `trip_2Kx...`: letters, digits and `-`
 * @throws {TypeError} for an invalid kind or time
 * @example
 * ```ts
 * const trips = handles<Trip>("trip", { ttlMs: 86_400_000 });
 *
 * const addStop = defineTool({
 *   name: "add_stop",
 *   inputSchema: z.object({ trip_id: z.string(), stop: z.string() }),
 *   call: async ({ trip_id, stop }, context) => {
 *     const trip = await trips.update(context, trip_id, ({ stops }) => ({ stops: [...stops, stop] }));
 *     return `${trip.stops.length} stops`;
 *   },
 * });
 * ```
 */
export function handles<Value, Kept = Value>(
  kind: string,
  options: TypedHandlesOptions<Kept, Value>,
): Handles<Value, Kept>;
export function handles<Value>(kind: string, options: HandlesOptions): Handles<Value>;
export function handles(
  kind: string,
  options: HandlesOptions & Partial<TypedHandlesOptions<unknown, unknown>>,
): Handles<unknown> {
  const { ttlMs, store, now = Date.now, schema } = options;
  if (!/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(kind)) {
    throw new TypeError("handles: kind: expected a letter, then up to 31 letters, digits or -");
  }
  if (!(ttlMs > 0)) throw new TypeError("handles: ttlMs: expected a positive time in milliseconds");
  let minted = 0;

  const storeOf = (caller: HandleCaller): HandleStore => store ?? caller.handleStore;

  function toStored(place: Place, version: number, value: unknown): StoredHandle {
    if (JSON.stringify(value) === undefined)
      throw new TypeError(`handles: ${kind}: expected a JSON value`);
    return { ...place, version, expiresAt: now() + ttlMs, value: value as JSONValue };
  }

  async function find(
    caller: HandleCaller,
    id: string,
  ): Promise<{ readonly stored: StoredHandle; readonly value: unknown }> {
    const stored = await storeOf(caller).get(scopeOf(kind, caller), id);
    if (stored === undefined) throw new UnknownHandleError(kind);
    return { stored, value: schema ? await checked(schema, stored.value, kind) : stored.value };
  }

  return {
    mint: async (caller, value) => {
      const id = `${kind}_${randomId()}`;
      await storeOf(caller).create(toStored({ scope: scopeOf(kind, caller), id }, 1, value));
      minted += 1;
      // A failed sweep is repeated later.
      if (minted % sweepEvery === 0)
        void storeOf(caller)
          .sweep(sweepLimit)
          .catch(() => {});
      return id;
    },
    read: async (caller, id) => (await find(caller, id)).value,
    update: async (caller, id, change) => {
      for (;;) {
        caller.signal.throwIfAborted();
        const { stored, value } = await find(caller, id);
        const changed = await change(value);
        const next = toStored(stored, stored.version + 1, changed);
        if (await storeOf(caller).replace(next)) return changed;
      }
    },
    drop: async (caller, id) => void (await storeOf(caller).delete(scopeOf(kind, caller), id)),
  };
}

type Place = Pick<StoredHandle, "scope" | "id">;

/** Returns the scope of the caller. All callers without a principal share one scope. */
function scopeOf(kind: string, { principal }: HandleCaller): string {
  return JSON.stringify(principal === undefined ? [kind] : [kind, principal.id]);
}

async function checked(schema: StandardSchemaV1, value: unknown, kind: string): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  throw new Error(`a stored ${kind} does not fit its schema: ${issue?.message}`);
}
