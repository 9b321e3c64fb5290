/**
 * One value for each caller, in the server's store of handles: any replica reads it, and the change
 * of one replica is never lost to that of another.
 */
import type { JSONValue } from "lutra/protocol";
import type { HandlerContext } from "lutra/server";

/** The part of a handler's context that finds the value. */
type Caller = Pick<HandlerContext, "principal" | "handleStore" | "signal">;

export interface CallerValueOptions<Value> {
  /** Separates the values of several kinds. */
  readonly kind: string;
  /** The value of a caller that has none yet. */
  readonly initial: Value;
}

/** A change: the new value, and the result of the call. */
interface Change<Value, Result> {
  readonly value: Value;
  readonly result: Result;
}

export interface CallerValue<Value> {
  readonly read: (caller: Caller) => Promise<Value>;
  /** Applies a change. After a concurrent one, `change` is called again with the new value. */
  readonly update: <Result>(
    caller: Caller,
    change: (value: Value) => Change<Value, Result>,
  ) => Promise<Result>;
}

/** Declares a value, which must be JSON and never expires. Callers without a principal share one. */
export function callerValue<Value>(options: CallerValueOptions<Value>): CallerValue<Value> {
  const { kind, initial } = options;
  const id = "value";
  const scopeOf = ({ principal }: Caller) => JSON.stringify([kind, "of", principal?.id ?? null]);
  const find = (caller: Caller) => caller.handleStore.get(scopeOf(caller), id);

  async function write(caller: Caller, version: number, value: Value): Promise<boolean> {
    const place = { scope: scopeOf(caller), id };
    const handle = { ...place, version, expiresAt: null, value: value as JSONValue };
    if (version > 1) return caller.handleStore.replace(handle);
    try {
      await caller.handleStore.create(handle);
      return true;
    } catch (error) {
      // Another replica may have created it in the meantime.
      if ((await find(caller)) === undefined) throw error;
      return false;
    }
  }

  return {
    read: async (caller) => ((await find(caller))?.value as Value | undefined) ?? initial,
    update: async (caller, change) => {
      for (;;) {
        caller.signal.throwIfAborted();
        const stored = await find(caller);
        const { value, result } = change((stored?.value as Value | undefined) ?? initial);
        if (await write(caller, (stored?.version ?? 0) + 1, value)) return result;
      }
    },
  };
}
