/**
 * Compares Lutra with the official SDK on requests that are made by a seed: those of the current
 * revision, and those of sessions of 2025-11-25. `npm test` sends 500 of each;
 * `LUTRA_TEST_DIFFERENTIAL=5000` sets another number.
 */
import { expect, it } from "vitest";
import { type Class, classes, classesOf, type Difference } from "./classes.ts";
import { legacyClasses } from "./legacy-classes.ts";
import { legacy } from "./legacy-requests.ts";
import { openLutraSession, openOfficialSession, type Session } from "./legacy-servers.ts";
import { outcomeOf } from "./outcome.ts";
import { createSamples, type Form, modern } from "./requests.ts";
import { createLutraHandler, createOfficialHandler } from "./servers.ts";

const count = Number(process.env.LUTRA_TEST_DIFFERENTIAL ?? 500);
const seed = 20_260_728;
const limit = { timeout: 60_000 + count * 100 };

it(
  `answers ${count} requests as the official server does, but for explained differences`,
  limit,
  async () => {
    const session = (handle: Session["handle"]): Session => ({ handle, headersOf: () => ({}) });
    const servers = [session(createLutraHandler()), session(createOfficialHandler())] as const;
    expectExplained(await compare(modern, servers), classes);
  },
);

it(
  `answers ${count} requests of a legacy session as the official server does, but for explained differences`,
  limit,
  async () => {
    const servers = [await openLutraSession(), await openOfficialSession()] as const;
    expectExplained(await compare(legacy, servers), legacyClasses);
  },
);

function expectExplained(differences: readonly Difference[], all: readonly Class[]): void {
  expect(differences.filter((one) => classesOf(one, all).length === 0)).toEqual([]);
  // Each class still occurs, so that the list stays true. Few requests do not reach all of them.
  const found = new Set(differences.flatMap((one) => classesOf(one, all)));
  if (count >= 5000) expect(all.filter((one) => !found.has(one))).toEqual([]);
}

async function compare(
  form: Form,
  [lutra, official]: readonly [Session, Session],
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const { method, change, create } of createSamples(count, seed, form)) {
    const [own, other] = [
      await outcomeOf(await lutra.handle(create(lutra.headersOf(method)))),
      await outcomeOf(await official.handle(create(official.headersOf(method)))),
    ];
    if (own !== other) differences.push({ method, change, lutra: own, official: other });
  }
  return differences;
}
