/**
 * Compares Lutra with the official SDK on requests that are made by a seed. `npm test` sends 500;
 * `LUTRA_TEST_DIFFERENTIAL=5000` sets another number.
 */
import { expect, it } from "vitest";
import { classes, classesOf, type Difference } from "./classes.ts";
import { outcomeOf } from "./outcome.ts";
import { createSamples } from "./requests.ts";
import { createLutraHandler, createOfficialHandler } from "./servers.ts";

const count = Number(process.env.LUTRA_TEST_DIFFERENTIAL ?? 500);
const seed = 20_260_728;

it(`answers ${count} requests as the official server does, but for explained differences`, {
  timeout: 60_000 + count * 100,
}, async () => {
  const differences = await compare();
  expect(differences.filter((one) => classesOf(one).length === 0)).toEqual([]);
  // Each class still occurs, so that the list stays true. Few requests do not reach all of them.
  const found = new Set(differences.flatMap(classesOf));
  if (count >= 5000) expect(classes.filter((one) => !found.has(one))).toEqual([]);
});

async function compare(): Promise<readonly Difference[]> {
  const [lutra, official] = [createLutraHandler(), createOfficialHandler()];
  const differences: Difference[] = [];
  for (const { method, change, create } of createSamples(count, seed)) {
    const [own, other] = [
      await outcomeOf(await lutra(create())),
      await outcomeOf(await official(create())),
    ];
    if (own !== other) differences.push({ method, change, lutra: own, official: other });
  }
  return differences;
}
