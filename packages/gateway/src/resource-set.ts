/** The resources of a configuration. The next configuration takes over those with equal settings. */
import { isDeepStrictEqual } from "node:util";

/** A resource that a configuration needs. */
export interface NeededResource<T> {
  /** The name by which the next configuration finds it. */
  readonly name: string;
  /** The values that it is created from. It is kept over a reload while they are equal. */
  readonly settings: unknown;
  readonly open: () => T;
  /** Releases it. @default nothing is to be released */
  readonly close?: ((resource: T, ending: Ending) => void | Promise<void>) | undefined;
}

/** The end of the use of a resource. */
export interface Ending {
  /** Resolves once no request can use the resource any more. */
  readonly unused: Promise<void>;
  /** Maximum time to wait for these requests, in milliseconds. */
  readonly graceMs: number;
}

interface HeldResource {
  readonly settings: unknown;
  readonly resource: unknown;
  readonly close: (ending: Ending) => void | Promise<void>;
}

const atOnce: Ending = { unused: Promise.resolve(), graceMs: 0 };

export class ResourceSet {
  #before: ReadonlyMap<string, HeldResource>;
  readonly #held = new Map<string, HeldResource>();
  readonly #kept = new Set<string>();

  /** @param before The set in use, from which resources are taken over */
  constructor(before?: ResourceSet) {
    this.#before = before ? before.#held : new Map();
  }

  /** Returns the resource: that of the set before if its settings are equal, or else a new one. */
  take<T>({ name, settings, open, close = () => {} }: NeededResource<T>): T {
    const known = this.#before.get(name);
    if (known !== undefined && isDeepStrictEqual(known.settings, settings)) {
      this.#held.set(name, known);
      this.#kept.add(name);
      // Resources with one name have one type.
      return known.resource as T;
    }
    const resource = open();
    this.#held.set(name, { settings, resource, close: (ending) => close(resource, ending) });
    return resource;
  }

  /** Returns true if the resource was taken over from the set before. */
  keeps(name: string): boolean {
    return this.#kept.has(name);
  }

  /** Releases the resources of the set before that this one has not taken over. */
  async releaseBefore(ending: Ending): Promise<void> {
    const gone = [...this.#before].filter(([name]) => !this.#kept.has(name));
    this.#before = new Map();
    await Promise.all(gone.map(([, { close }]) => close(ending)));
  }

  /** Releases the resources that this set has opened, because the set before stays in use. */
  async discard(): Promise<void> {
    const own = [...this.#held].filter(([name]) => !this.#kept.has(name));
    await Promise.all(own.map(([, { close }]) => close(atOnce)));
  }

  /** Releases all resources at once. */
  async close(): Promise<void> {
    await Promise.all([...this.#held.values()].map(({ close }) => close(atOnce)));
  }
}
