import type { Addresses } from "../replicas/addresses.ts";

/** The hosts of an upstream, and the reasons why some can't be resolved. */
export class Lookups {
  /** The hosts whose addresses are followed. */
  followed: readonly Addresses[] = [];
  readonly #upstream: string;
  readonly #onWarning: (message: string) => void;
  readonly #problems = new Map<string, string>();

  constructor(upstream: string, onWarning: (message: string) => void) {
    this.#upstream = upstream;
    this.#onWarning = onWarning;
  }

  /** Resolves the hosts again soon, because a connection failed. */
  refresh(): void {
    for (const addresses of this.followed) addresses.refresh();
  }

  stop(): void {
    for (const addresses of this.followed) addresses.stop();
  }

  /** The problem of the first host. Undefined if all hosts can be resolved. */
  get problem(): string | undefined {
    const [problem] = this.#problems.values();
    return problem;
  }

  /** Records and reports that a host can't be resolved or, without a reason, that it can again. */
  readonly report = (host: string, reason: string | undefined): void => {
    if (reason === undefined) this.#problems.delete(host);
    else this.#problems.set(host, `the host "${host}" can't be resolved: ${reason}`);
    const problem = this.#problems.get(host) ?? `the host "${host}" is resolved again`;
    this.#onWarning(`upstream "${this.#upstream}": ${problem}`);
  };
}
