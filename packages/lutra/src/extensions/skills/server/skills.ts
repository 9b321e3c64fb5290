/**
 * Skills on a server: directories of instructions for agents, served as resources.
 *
 * @spec ext-skills/skills#capability-negotiation
 */
import type { CacheHints } from "../../../protocol/caching.ts";
import { requireKnownMembers } from "../../../protocol/known-members.ts";
import { normalURI } from "../../../protocol/uri.ts";
import { requireCacheHints } from "../../../server/cache-hints.ts";
import { defineExtension, type Extension } from "../../../server/extension.ts";
import type { ResourceDefinition } from "../../../server/resources.ts";
import { skillsId, skillsRevision, skillsStage } from "../protocol.ts";
import { servedSkillMethods } from "./skill-methods.ts";
import { compileSkills, type SkillSet } from "./skill-set.ts";
import type { SkillDefinition, SkillSource } from "./skill-source.ts";
import { readValues } from "./skill-values.ts";

export interface SkillsOptions {
  /**
   * A folder with skills, or skills as values. A relative path is relative to the working directory;
   * `new URL("./skills", import.meta.url)` is a folder beside the module. Folders need Node, Deno or Bun.
   */
  readonly from: string | URL | readonly SkillDefinition[];
  /** Freshness of the list, the entries and the files. @default that of the server's lists */
  readonly cache?: CacheHints;
}

const members: { readonly [Name in keyof SkillsOptions]-?: true } = { from: true, cache: true };

/** The Skills extension of a server. */
export interface SkillsExtension extends Extension {
  /**
   * Reads the folder again, or takes other values, and notifies subscribers of what has changed. Other
   * replicas are not affected; call it in each of them.
   *
   * @throws {TypeError} for invalid skills; the previous ones remain
   */
  readonly reload: (from?: SkillsOptions["from"]) => void;
}

export type CreateSkills = (options: SkillsOptions) => SkillsExtension;

/** Reads the skills in a folder. */
export type ReadFolder = (from: string | URL) => SkillSource;

/** One server that the extension was installed on. */
type Apply = (next: SkillSet, before: SkillSet) => void;

/** Creates the `skills` of a platform. */
export function skillsOn(readFolder: ReadFolder): CreateSkills {
  const read = (from: SkillsOptions["from"]) =>
    compileSkills(
      typeof from === "string" || from instanceof URL ? readFolder(from) : readValues(from),
    );
  return (options) => {
    requireKnownMembers(options, Object.keys(members), "skills");
    requireCacheHints("skills", options.cache);
    let { from } = options;
    let current = read(from);
    const servers = new Set<Apply>();
    const extension = defineExtension({
      id: skillsId,
      stage: skillsStage,
      revision: skillsRevision,
      settings: { directoryRead: true },
      // The text defines no declaration of clients.
      isServerOnly: true,
      hasResources: true,
      install: (host) => {
        const hints = options.cache ?? host.cache;
        const methods = servedSkillMethods({ host, hints, current: () => current });
        const apply: Apply = (next, before) => {
          host.setResources(skillsId, definitionsOf(next, hints));
          for (const uri of changedFiles(next, before)) host.resourceUpdated(uri);
        };
        host.setResources(skillsId, definitionsOf(current, hints));
        servers.add(apply);
        return {
          methods: methods.served,
          share: methods.forget,
          close: () => void servers.delete(apply),
        };
      },
    });
    return Object.freeze({
      ...extension,
      reload: (next = from) => {
        const before = current;
        const loaded = read(next);
        if (isEqual(loaded, before)) return;
        from = next;
        current = loaded;
        for (const apply of servers) apply(loaded, before);
      },
    });
  };
}

/** Returns the files as resources. */
function definitionsOf({ files }: SkillSet, cache: CacheHints): readonly ResourceDefinition[] {
  return [...files.values()].map(({ resource, bytes, read }) => ({
    ...resource,
    // A generated file may differ on each read.
    ...(bytes && { cache }),
    read,
  }));
}

/** Returns the files that were removed, or whose content is or may be different. */
function changedFiles({ files }: SkillSet, before: SkillSet): readonly string[] {
  const changed = [...before.files].filter(([key, { bytes }]) => {
    const next = files.get(key)?.bytes;
    return bytes === undefined || next === undefined || !areEqual(bytes, next);
  });
  return changed.map(([, { uri }]) => normalURI(uri));
}

function isEqual(next: SkillSet, before: SkillSet): boolean {
  const keys = (set: SkillSet) =>
    [...set.skills].map(([key, { isListed }]) => `${key} ${isListed}`).concat(...set.files.keys());
  return (
    keys(next).join("\n") === keys(before).join("\n") && changedFiles(next, before).length === 0
  );
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
