/**
 * Seals for the values that a client sends back: cursors, request state and ids. Each is sealed together
 * with the upstream that minted it, so that a client cannot send it to another. The gateway stores
 * nothing, so every gateway with the same keys can open them.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import type { CacheScope, RequestContext } from "lutra/protocol";
import { createSealer, type SealKey } from "lutra/server";
import { authorizationContext, type Caller } from "../cache/authorization-context.ts";

/** A position in a merged list: after the last entry of the previous page. */
export interface ListPosition {
  readonly upstream: string;
  /** The entry's name, URI or template at its upstream. */
  readonly key: string;
  readonly index: number;
  /** The scope of the previous pages, because all pages of a list have the same one. */
  readonly scope: CacheScope;
  /** The principal, if the list is private. */
  readonly caller?: string | undefined;
  /** The id of the snapshot that the previous pages came from. */
  readonly snapshot: string;
}

/** The request state of an upstream. */
interface UpstreamState {
  readonly upstream: string;
  /** Undefined if the upstream asked for input without request state. */
  readonly state?: string | undefined;
}

/** An id and the upstream that minted it. */
interface MintedId {
  readonly upstream: string;
  readonly id: string;
}

/** A kind of sealed text. A text opens only with the binding with which it was sealed. */
interface Seal<Value, Bound> {
  readonly seal: (value: Value, bound: Bound) => Promise<string>;
  /** Returns undefined for a text that was modified, or sealed with another key or binding. */
  readonly open: (sealed: string, bound: Bound) => Promise<Value | undefined>;
}

/** The binding of request state. */
interface StateBinding {
  readonly context: RequestContext;
  readonly method: string;
}

export interface Seals {
  /** Bound to the method, because all callers may use the cursors of public lists. */
  readonly cursors: Seal<ListPosition, string>;
  /** Bound to the principal and the method. */
  readonly states: Seal<UpstreamState, StateBinding>;
  /** Bound to the principal. */
  readonly ids: Seal<MintedId, RequestContext>;
}

export function createSeals(keys: readonly SealKey[]): Seals {
  const sealer = createSealer(keys);

  function sealFor<Value, Bound>(bindingOf: (bound: Bound) => readonly unknown[]) {
    const binding = (bound: Bound) => `merge\n${JSON.stringify(bindingOf(bound))}`;
    return {
      seal: (value: Value, bound: Bound) => sealer.seal(value, binding(bound)),
      // Only this module seals with these bindings, so the value has the type that was sealed.
      open: async (sealed: string, bound: Bound) =>
        (await sealer.open(sealed, binding(bound))) as Value | undefined,
    };
  }

  return {
    cursors: sealFor((method) => ["cursor", method]),
    states: sealFor(({ context, method }) => ["state", method, principalOf(context)]),
    ids: sealFor((context) => ["id", principalOf(context)]),
  };
}

function principalOf({ principal }: RequestContext): string | null {
  return principal?.id ?? null;
}

/**
 * Returns a key for the authorization context of a request. Private data must match it. Callers without
 * a principal and credentials share one.
 */
export function callerKey(caller: Caller): string {
  return authorizationContext(caller) ?? "anonymous";
}
