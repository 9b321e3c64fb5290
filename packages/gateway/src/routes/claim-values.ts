/** The claims of callers, as rules compare them. */
import { isObject, type PrincipalClaims } from "lutra/protocol";

/**
 * Returns the values of a claim as text: those of a list, or the only one. Numbers and booleans are
 * written as in JSON. If there is no claim of this name, a name with dots is a path into objects.
 */
export function claimValues(claims: PrincipalClaims = {}, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : memberAt(claims, name.split("."));
  return [value].flat().flatMap((one) => {
    if (typeof one === "string") return [one];
    return typeof one === "number" || typeof one === "boolean" ? [String(one)] : [];
  });
}

function memberAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    root,
  );
}
