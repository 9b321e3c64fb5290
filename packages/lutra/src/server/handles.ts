/**
 * Handles: names that a tool gives out and takes back, for what an application keeps between calls.
 * The protocol has no type for them, and nothing is hidden in the connection.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ContentBlock } from "../protocol/content.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { JSONValue } from "../protocol/json.ts";
import type { HandleStore, StoredHandle } from "../stores/handle-store.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import { randomId } from "./random-id.ts";
import { toolErrorBrand } from "./results.ts";

/** For whom a handle is: what a handler's context says of its caller. */
export type HandleCaller = Pick<HandlerContext, "principal" | "handleStore" | "signal">;

export interface HandlesOptions {
  /** How long a value is kept after it was last written, in milliseconds. */
  readonly ttlMs: number;
  /** Where values live. @default the store of the server */
  readonly store?: HandleStore;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface TypedHandlesOptions<Kept, Value> extends HandlesOptions {
  /** Checks what comes back from the store, which an earlier version may have written. */
  readonly schema: StandardSchemaV1<Kept, Value>;
}

/** The handles of one kind. Each belongs to the principal of the call that minted it. */
export interface Handles<Value, Kept = Value> {
  /** Keeps a value and gives it a name that nobody can guess. */
  readonly mint: (caller: HandleCaller, value: Kept) => Promise<string>;
  /** @throws {UnknownHandleError} for one that is not the caller's, or not any longer */
  readonly read: (caller: HandleCaller, handle: string) => Promise<Value>;
  /**
   * Puts what `change` returns in the place of the value, and resolves to it. Where somebody else
   * was faster, `change` is called again with what they wrote, so no change is lost.
   *
   * @throws {UnknownHandleError} for one that is not the caller's, or not any longer
   */
  readonly update: (
    caller: HandleCaller,
    handle: string,
    change: (value: Value) => Kept | Promise<Kept>,
  ) => Promise<Kept>;
  /** Forgets a value; does nothing where there is none. */
  readonly drop: (caller: HandleCaller, handle: string) => Promise<void>;
}

/**
 * A handle that is unknown, has expired or belongs to someone else: these can't be told apart. From
 * a tool the model reads the message; elsewhere it is the error -32602.
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

/** Values that have expired are forgotten a few at a time, as new ones come. */
const sweepEvery = 32;
const sweepLimit = 100;

/**
 * Declares a kind of handles, whose values are JSON. A handler that is replayed mints again: mint
 * inside `context.step` where questions follow.
 *
 * @param kind begins each handle, such as `trip` in `trip_2Kx...`: letters, digits and `-`
 * @throws {TypeError} for a kind or a time that makes no sense
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
    throw new TypeError("handles: kind: expected 1 to 32 letters, digits and -");
  }
  if (!(ttlMs > 0)) throw new TypeError("handles: ttlMs: expected a time in milliseconds");
  let minted = 0;

  const storeOf = (caller: HandleCaller): HandleStore => store ?? caller.handleStore;

  function toStored(place: Place, version: number, value: unknown): StoredHandle {
    if (JSON.stringify(value) === undefined) throw new TypeError(`handles: ${kind}: expected JSON`);
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
      // The next one may have more luck with a store that fails.
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

/** Callers that nobody has verified share what they know the handles of. */
function scopeOf(kind: string, { principal }: HandleCaller): string {
  return JSON.stringify(principal === undefined ? [kind] : [kind, principal.id]);
}

async function checked(schema: StandardSchemaV1, value: unknown, kind: string): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  throw new Error(`a stored ${kind} does not fit its schema: ${issue?.message}`);
}
