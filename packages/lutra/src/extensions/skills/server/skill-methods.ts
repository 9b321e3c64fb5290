/**
 * The methods of the extension: list, get, and reading a directory.
 *
 * @spec ext-skills/skills#listing-skills, ext-skills/skills#getting-a-skill
 * @spec ext-skills/skills#reading-directories, ext-skills/skills#error-handling
 */
import type { CacheHints } from "../../../protocol/caching.ts";
import { invalidParams } from "../../../protocol/errors.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import { normalURI } from "../../../protocol/uri.ts";
import type { ServedMethod } from "../../../server/admit.ts";
import { serveMethod } from "../../../server/dispatch.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import {
  getSkill,
  listSkills,
  notADirectory,
  readDirectory,
  type Skill,
  unknownSkill,
} from "../protocol.ts";
import type { SkillSet } from "./skill-set.ts";

export interface SkillMethodsInit {
  readonly host: ExtensionHost;
  readonly hints: CacheHints;
  readonly current: () => SkillSet;
}

export interface SkillMethods {
  readonly served: readonly ServedMethod[];
  /** Discards encoded pages, whose cursors are sealed with keys that may have changed. */
  readonly forget: () => void;
}

type List = ReturnType<ExtensionHost["createList"]>;

/** Creates the methods, which answer from the current skills. */
export function servedSkillMethods({ host, hints, current }: SkillMethodsInit): SkillMethods {
  let lists = new WeakMap<SkillSet, Promise<List>>();

  async function createList({ skills }: SkillSet): Promise<List> {
    const listed = [...skills.values()].filter(({ isListed }) => isListed);
    const entries = await Promise.all(listed.map(({ entry }) => entry()));
    const init = {
      field: "skills",
      hints,
      compile: (skill: Skill) => skill,
      keyOf: ({ uri }: Skill) => uri,
      shown: (skill: Skill) => skill as unknown as JSONObject,
    };
    return host.createList(init, entries) as List;
  }

  return {
    served: [
      serveMethod(listSkills, async ({ cursor }) => {
        const set = current();
        const list = lists.get(set) ?? createList(set);
        lists.set(set, list);
        return (await list).page(cursor);
      }),
      serveMethod(getSkill, async ({ uri }) => {
        const skill = current().skills.get(normalURI(uri));
        if (skill === undefined) throw unknownSkill(uri);
        return { resultType: "complete", skill: await skill.entry(), ...hints };
      }),
      serveMethod(readDirectory, ({ uri, cursor }) => {
        const resources = current().directories.get(normalURI(uri));
        if (resources === undefined) throw notADirectory(uri);
        // A directory has one page: the files of a skill are few.
        if (cursor !== undefined) throw invalidParams("params.cursor: expected no cursor");
        return { resultType: "complete", resources };
      }),
    ],
    forget: () => {
      lists = new WeakMap();
    },
  };
}
