/**
 * The entries of an upstream's skills, as each caller sees them. They are asked for when a file of a
 * skill is read, and kept for a short time.
 */
import { BoundedMap, invalidParams } from "lutra/internal";
import {
  isProtocolError,
  type Method,
  type RequestContext,
  type Result,
  readCacheHints,
  type Serve,
} from "lutra/protocol";
import { getSkill, listSkills, parseSkill, type Skill, skillDigest } from "lutra/skills";
import { isMethodNotFound } from "../merge/merge-errors.ts";
import { ownContext, ownRequest, type ReceivedRequest } from "../merge/own-request.ts";
import { callerKey } from "../merge/seals.ts";
import { canonicalUri } from "../subjects/canonical-uri.ts";

/** An entry, and the digest of all its files; undefined for a dynamic skill. */
export interface HeldSkill {
  readonly skill: Skill;
  readonly digest: string | undefined;
}

export interface SkillEntries {
  /** Parses an entry of a result and keeps it. Returns undefined for an invalid one. */
  readonly hold: (
    value: unknown,
    result: Result,
    context: RequestContext,
  ) => Promise<HeldSkill | undefined>;
  /** Returns the skills around a URI, as the caller sees them. */
  readonly around: (uri: string, received: ReceivedRequest) => Promise<readonly HeldSkill[]>;
  /** Asks for the entry of a skill again. */
  readonly renew: (held: HeldSkill, received: ReceivedRequest) => Promise<HeldSkill | undefined>;
}

export interface SkillEntriesOptions {
  /** Sends requests to the upstream. */
  readonly serve: Serve;
  readonly now: () => number;
}

/** Maximum time for which entries and the list of skills are kept, in milliseconds. */
const maxAgeMs = 60_000;
/** Maximum number of entries that are kept, over all callers. */
const maxHeld = 10_000;
/** Maximum number of skills that are known by their directory. */
const maxRoots = 100_000;
/** Maximum number of callers whose list was read. */
const maxCallers = 10_000;
/** Maximum number of pages of a list. */
const maxPages = 100;

interface Kept {
  /** Undefined for a URI that does not name a skill of the caller. */
  readonly held: HeldSkill | undefined;
  readonly expiresAt: number;
}

export function createSkillEntries({ serve, now }: SkillEntriesOptions): SkillEntries {
  const kept = new BoundedMap<string, Kept>({ maxEntries: maxHeld });
  /** The URIs of skills, by the canonical spelling of their directory. */
  const roots = new BoundedMap<string, string>({ maxEntries: maxRoots });
  const listed = new BoundedMap<string, number>({ maxEntries: maxCallers });

  const send = (
    method: Method,
    params: Readonly<Record<string, unknown>>,
    received: ReceivedRequest,
  ) =>
    serve(
      ownRequest(received, method.name, params),
      ownContext(received, method.name, received.context.signal),
    );

  const hold: SkillEntries["hold"] = async (value, result, context) => {
    const skill = parsed(value);
    if (skill === undefined) return undefined;
    const held = { skill, digest: await skillDigest(skill) };
    const ageMs = Math.min(maxAgeMs, readCacheHints(result).ttlMs);
    kept.set(keyOf(skill.uri, context), { held, expiresAt: now() + ageMs });
    roots.set(rootOf(canonicalUri(skill.uri)), skill.uri);
    return held;
  };

  async function ask(uri: string, received: ReceivedRequest): Promise<HeldSkill | undefined> {
    try {
      const result = await send(getSkill, { uri }, received);
      return await hold(result.skill, result, received.context);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      kept.set(keyOf(uri, received.context), { held: undefined, expiresAt: now() + maxAgeMs });
      return undefined;
    }
  }

  function entryOf(uri: string, received: ReceivedRequest) {
    const known = kept.get(keyOf(uri, received.context));
    return known !== undefined && now() < known.expiresAt ? known.held : ask(uri, received);
  }

  async function holdPages(received: ReceivedRequest): Promise<void> {
    let params = {};
    for (let page = 0; page < maxPages; page += 1) {
      const result = await send(listSkills, params, received);
      for (const entry of skillsIn(result)) await hold(entry, result, received.context);
      if (typeof result.nextCursor !== "string") return;
      params = { cursor: result.nextCursor };
    }
  }

  /** Reads the list once for each caller, so that the directories of its skills are known. */
  async function ensureListed(received: ReceivedRequest): Promise<void> {
    const caller = callerKey(received.context);
    if (now() < (listed.get(caller) ?? Number.NEGATIVE_INFINITY)) return;
    await holdPages(received).catch((error) => {
      if (!isMethodNotFound(error)) throw error;
    });
    listed.set(caller, now() + maxAgeMs);
  }

  return {
    hold,
    renew: ({ skill }, received) => ask(skill.uri, received),
    around: async (uri, received) => {
      await ensureListed(received);
      const canonical = canonicalUri(uri);
      const around = new Set(ancestorsOf(canonical).flatMap((root) => roots.get(root) ?? []));
      // A skill that is not listed is one as well.
      if (canonical.endsWith(skillFileEnd) && !roots.has(rootOf(canonical))) around.add(uri);
      const entries = await Promise.all([...around].map((one) => entryOf(one, received)));
      return entries.filter((held) => held !== undefined);
    },
  };
}

const skillFileEnd = "/SKILL.md";

/** Returns the entries in the result of `skills/list`. */
export function skillsIn({ skills }: Result): readonly unknown[] {
  return Array.isArray(skills) ? skills : [];
}

function parsed(value: unknown): Skill | undefined {
  try {
    return parseSkill(value);
  } catch {
    return undefined;
  }
}

function rootOf(uri: string): string {
  return uri.slice(0, -skillFileEnd.length);
}

/** Returns a URI and all directories above it. */
function ancestorsOf(uri: string): readonly string[] {
  const ancestors: string[] = [];
  for (let end = uri.length; end > 0; end = uri.lastIndexOf("/", end - 1)) {
    ancestors.push(uri.slice(0, end));
  }
  return ancestors;
}

function keyOf(uri: string, context: RequestContext): string {
  return `${callerKey(context)}\n${uri}`;
}

/** Returns true for the error of a URI that does not name a skill, and of an upstream without skills. */
function isUnknown(error: unknown): boolean {
  if (isMethodNotFound(error)) return true;
  return isProtocolError(error) && error.code === invalidParams("").code;
}
