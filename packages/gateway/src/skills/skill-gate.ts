/**
 * The rules for the skills of one upstream: its lists show the skills that are served, and files of
 * others are not read. A file of an approved skill is compared with the approved content on each read.
 *
 * @spec ext-skills/skills#security-considerations
 */
import { BoundedMap, textOf } from "lutra/internal";
import {
  type JSONRPCRequest,
  ProtocolError,
  type RequestContext,
  type Result,
  type Serve,
} from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import type { ReceivedRequest } from "../merge/own-request.ts";
import { canonicalUri } from "../subjects/canonical-uri.ts";
import { isContentOf } from "./skill-content.ts";
import {
  createSkillEntries,
  type HeldSkill,
  type SkillEntries,
  skillsIn,
} from "./skill-entries.ts";
import { type DecideSkill, isServed, type SkillDecision } from "./skill-rules.ts";

export interface SkillGateOptions {
  /** The name of the upstream. */
  readonly name: string;
  /** Sends requests to the upstream. */
  readonly serve: Serve;
  readonly decide: DecideSkill;
  readonly now: () => number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** Maximum number of skills about which a warning is remembered, so that it is not repeated. */
const maxWarned = 1000;

export class SkillGate {
  readonly #options: SkillGateOptions;
  readonly #entries: SkillEntries;
  readonly #warned = new BoundedMap<string, true>({ maxEntries: maxWarned });

  constructor(options: SkillGateOptions) {
    this.#options = options;
    this.#entries = createSkillEntries(options);
  }

  /** Lists the skills that are served. */
  async list(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const result = await this.#options.serve(request, context);
    const held = await Promise.all(
      skillsIn(result).map((entry) => this.#entries.hold(entry, result, context)),
    );
    const served = held.flatMap((one) =>
      one !== undefined && isServed(this.#decided(one)) ? one.skill : [],
    );
    return { ...result, skills: served };
  }

  /** Returns a skill that is served. */
  async get(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const result = await this.#options.serve(request, context);
    const held = await this.#entries.hold(result.skill, result, context);
    if (held === undefined) throw unknownSkill(textOf(request.params?.uri));
    return isServed(this.#decided(held)) ? result : this.#refuse(held, context);
  }

  /** Reads a directory, unless it belongs to a skill that is not served. */
  async readDirectory(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    await this.#servedAround(textOf(request.params?.uri), { request, context });
    return this.#options.serve(request, context);
  }

  /** Reads a resource. One that is a file of a skill must be served with it. */
  async read(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const uri = textOf(request.params?.uri);
    const received = { request, context };
    const served = await this.#servedAround(uri, received);
    const result = await this.#options.serve(request, context);
    if (served === undefined || (result.resultType ?? "complete") !== "complete") return result;
    const source =
      served.find((held) => this.#fits(held, uri, result)) ??
      (await this.#renewed(served, received, (held) => this.#fits(held, uri, result)));
    recordLoad(uri, source, context);
    // Each load is decided and logged, so none is answered from a cache.
    return { ...result, ttlMs: 0, cacheScope: "private" };
  }

  /** Returns the skills around a URI that are served, or undefined for a URI outside of skills. */
  async #servedAround(
    uri: string,
    received: ReceivedRequest,
  ): Promise<readonly HeldSkill[] | undefined> {
    const around = await this.#entries.around(uri, received);
    const [first] = around;
    if (first === undefined) return undefined;
    const served = around.filter((held) => isServed(this.#decided(held)));
    return served.length > 0 ? served : this.#refuse(first, received.context);
  }

  /** Returns true if a result may be served as a file of the skill. */
  #fits({ skill, digest }: HeldSkill, uri: string, result: Result): boolean {
    const { kind } = this.#options.decide(skill.uri, digest);
    return kind === "allowed" || (kind === "approved" && isContentOf(skill, uri, result));
  }

  /** Asks for the entries again, which may be outdated, and returns the one whose content is read. */
  async #renewed(
    served: readonly HeldSkill[],
    received: ReceivedRequest,
    fits: (held: HeldSkill) => boolean,
  ): Promise<HeldSkill> {
    const renewed = await Promise.all(served.map((held) => this.#entries.renew(held, received)));
    const current = renewed.filter((held) => held !== undefined);
    const found = current.find(fits);
    if (found !== undefined) return found;
    const changed = current.find((held) => !isServed(this.#decided(held)));
    if (changed !== undefined) this.#refuse(changed, received.context);
    const [{ skill }] = served as readonly [HeldSkill];
    const mismatch = `${skill.uri}: the content is not the approved one`;
    const error = new ProtocolError("invalidRequest", mismatch, forbidden);
    return refuseWith(error, received.context);
  }

  /** Decides about a skill, and names one that needs approval. */
  #decided({ skill: { uri }, digest }: HeldSkill): SkillDecision {
    const { name, decide, onWarning } = this.#options;
    const decision = decide(uri, digest);
    const problem = problemOf(decision, digest);
    const key = `${uri} ${digest}`;
    if (problem !== undefined && !this.#warned.has(key)) {
      this.#warned.set(key, true);
      const remedy = `review it, then set upstreams.${name}.skills`;
      onWarning(`upstream "${name}": the skill ${uri} ${problem}; ${remedy}`);
    }
    return decision;
  }

  #refuse(held: HeldSkill, context: RequestContext): never {
    return refuseWith(refusalOf(held.skill.uri, this.#decided(held)), context);
  }
}

function refuseWith(error: ProtocolError, context: RequestContext): never {
  const record = recordOf(context);
  if (record !== undefined) record.reason = "skill";
  throw error;
}

function recordLoad(uri: string, { skill, digest }: HeldSkill, context: RequestContext): void {
  const record = recordOf(context);
  if (record === undefined || canonicalUri(uri) !== canonicalUri(skill.uri)) return;
  record.skill = digest ?? "dynamic";
}

function problemOf(decision: SkillDecision, digest = "dynamic"): string | undefined {
  if (decision.kind === "unapproved") return `needs approval: ${digest}`;
  if (decision.kind !== "changed") return undefined;
  return `has changed and needs approval again: approved ${decision.approved}, now ${digest}`;
}

function refusalOf(uri: string, { kind }: SkillDecision): ProtocolError {
  if (kind === "changed") {
    const message = `${uri}: the skill has changed and needs approval again`;
    return new ProtocolError("invalidRequest", message, forbidden);
  }
  if (kind !== "unapproved") return unknownSkill(uri);
  return new ProtocolError("invalidRequest", `${uri}: the skill needs approval`, forbidden);
}

const forbidden = { status: 403 };

function unknownSkill(uri: string): ProtocolError {
  return new ProtocolError("invalidParams", `No skill is served at ${uri}`, { data: { uri } });
}
