/** The era of one replica, as its health checks and the first requests to it have shown it. */

import type { EraVerdict, EraVerdicts, ServerEra } from "lutra/node";
import { latestVersion } from "lutra/protocol";
import type { Checked } from "../replicas/send-check.ts";

/** The verdict about one replica. A verdict that a check contradicts is determined again. */
export class ReplicaEra implements EraVerdicts {
  /** The legacy version of the last session, once there was one. */
  #version: string | undefined;
  #verdict: EraVerdict | undefined;
  /** True if the configuration names the era. */
  readonly #isFixed: boolean;
  readonly #onChange: () => void;
  #finding: Promise<void> | undefined;

  constructor(isFixed: boolean, onChange: () => void) {
    this.#isFixed = isFixed;
    this.#verdict = isFixed ? { era: "legacy" } : undefined;
    this.#onChange = onChange;
  }

  /** The era, once it is known. */
  get current(): ServerEra | undefined {
    return this.#verdict?.era;
  }

  /** The revision that the replica speaks, once it is known. */
  get speaks(): string | undefined {
    if (this.current === "legacy") return this.#version;
    return this.current === "modern" ? latestVersion : undefined;
  }

  get(): EraVerdict | undefined {
    return this.#verdict;
  }

  set(_server: string, verdict: EraVerdict): void {
    if (this.#isFixed) return;
    const isNew = verdict.era !== this.current;
    this.#verdict = verdict;
    if (isNew) this.#onChange();
  }

  delete(): void {
    if (this.#isFixed || this.#verdict === undefined) return;
    this.#verdict = undefined;
    this.#onChange();
  }

  /** Records the version of a session. */
  opened(version: string): void {
    const isNew = version !== this.#version;
    this.#version = version;
    if (isNew) this.#onChange();
  }

  /** Takes the outcome of a health check. */
  checked(outcome: Checked): void {
    if (outcome === "modern") this.set("", { era: "modern" });
    else if (outcome === "earlier" && this.current === "modern") this.delete();
  }

  /** Detects the era, once for all requests that wait for it, and again if that has failed. */
  async find(find: () => Promise<void>): Promise<void> {
    if (this.#finding !== undefined) await this.#finding;
    if (this.current !== undefined) return;
    this.#finding ??= find()
      .catch(() => {})
      .finally(() => {
        this.#finding = undefined;
      });
    await this.#finding;
  }
}
