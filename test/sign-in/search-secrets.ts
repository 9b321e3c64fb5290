/** A search for secrets in everything that programs have written. */
import { formsOf } from "../secrets/forms-of.ts";
import { minLength, type Secret } from "../secrets/registered-secrets.ts";

/** Returns the places that contain a secret in any form, as `kind in place`. */
export function findSecrets(
  secrets: readonly Secret[],
  places: ReadonlyMap<string, string>,
): readonly string[] {
  const found = new Set<string>();
  for (const { kind, value } of secrets) {
    if (value.length < minLength) throw new Error(`${kind}: expected ${minLength} characters`);
    const forms = formsOf(value);
    for (const [place, text] of places) {
      if (forms.some((form) => text.includes(form))) found.add(`${kind} in ${place}`);
    }
  }
  return [...found];
}
