/**
 * What a client carries from one request to the next: sealed together with the upstream that minted
 * it, so that it always returns there and can't be pointed at another. Nothing is remembered, so
 * every gateway with the same keys opens what another one sealed.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import type { CacheScope, RequestContext } from "lutra/protocol";
import { createSealer, type SealKey } from "lutra/server";

/** A place in a merged list: behind the entry that was shown last. */
export interface Position {
  readonly upstream: string;
  /** The entry's name, URI or template at its upstream. */
  readonly key: string;
  readonly index: number;
  /** The scope of the pages before, which all pages of a list have in common. */
  readonly scope: CacheScope;
  /** Whose list it is, where it is private. */
  readonly caller?: string | undefined;
  /** The snapshot that the pages before came from. */
  readonly snapshot: string;
}

/** The request state of an upstream; absent where it asked for input without one. */
export interface State {
  readonly upstream: string;
  readonly state?: string | undefined;
}

/** An identifier that an upstream minted. */
export interface MintedId {
  readonly upstream: string;
  readonly id: string;
}

/** One sort of sealed text. Each opens only for what it was sealed for. */
export interface Seal<Value, Bound> {
  readonly seal: (value: Value, bound: Bound) => Promise<string>;
  /** Absent for anything tampered, foreign or bound elsewhere. */
  readonly open: (sealed: string, bound: Bound) => Promise<Value | undefined>;
}

/** What request state belongs to. */
export interface StateBinding {
  readonly context: RequestContext;
  readonly method: string;
}

export interface Seals {
  /** Bound to the method. Pages that all may see have cursors that all may use. */
  readonly cursors: Seal<Position, string>;
  /** Bound to the principal and the method. */
  readonly states: Seal<State, StateBinding>;
  /** Bound to the principal. */
  readonly ids: Seal<MintedId, RequestContext>;
}

export function createSeals(keys: readonly SealKey[]): Seals {
  const sealer = createSealer(keys);

  function sealFor<Value, Bound>(bindingOf: (bound: Bound) => readonly unknown[]) {
    const binding = (bound: Bound) => `merge\n${JSON.stringify(bindingOf(bound))}`;
    return {
      seal: (value: Value, bound: Bound) => sealer.seal(value, binding(bound)),
      // Only this module seals under these bindings, so the value has its type.
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

/** Names the authorization context of a request, for what may be shown to no other. */
export function callerOf({ principal, header }: RequestContext): string {
  return JSON.stringify([principal?.id ?? null, header?.("authorization") ?? null]);
}
