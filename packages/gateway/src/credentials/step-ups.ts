/**
 * The scopes that upstreams have required beyond those that the gateway asks for at first.
 *
 * @spec basic/authorization/index#step-up-authorization-flow
 */
import { BoundedMap } from "lutra/internal";

/** Maximum number of callers whose further scopes are remembered. */
const maxCallers = 10_000;

export interface StepUpsOptions {
  /** The scopes that the gateway asks for at first. */
  readonly scopes: readonly string[];
  /** The further scopes that it may ask for. */
  readonly stepUpScopes: readonly string[];
}

/** The further scopes by caller. They are never more than those of the configuration. */
export class StepUps {
  readonly #scopes: ReadonlySet<string>;
  readonly #allowed: ReadonlySet<string>;
  readonly #further = new BoundedMap<string, readonly string[]>({ maxEntries: maxCallers });

  constructor({ scopes, stepUpScopes }: StepUpsOptions) {
    this.#scopes = new Set(scopes);
    this.#allowed = new Set(stepUpScopes);
  }

  /** Returns the further scopes of the tokens of a caller. */
  of(key: string): readonly string[] {
    return this.#further.get(key) ?? none;
  }

  /** Returns true if the tokens of a caller are requested with these scopes already. */
  includes(key: string, required: readonly string[]): boolean {
    const further = this.of(key);
    return required.every((scope) => this.#scopes.has(scope) || further.includes(scope));
  }

  /**
   * Adds scopes to those of a caller, which it keeps. Returns false, and adds none, if one of them is not
   * allowed, or if there is nothing to add.
   */
  raise(key: string, required: readonly string[]): boolean {
    if (this.includes(key, required)) return false;
    const missing = required.filter((scope) => !this.#scopes.has(scope));
    if (!missing.every((scope) => this.#allowed.has(scope))) return false;
    this.#further.set(key, [...new Set([...this.of(key), ...missing])].sort());
    return true;
  }

  /** Forgets the further scopes of a caller, for which no token was issued. */
  lower(key: string): void {
    this.#further.delete(key);
  }
}

const none: readonly string[] = [];
