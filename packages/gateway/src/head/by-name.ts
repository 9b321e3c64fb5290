/** Values that depend only on the name of a header. Clients send the same names repeatedly. */

/** Maximum number of names whose values are remembered. */
const maxNames = 512;
/** Maximum number of characters of such a name. */
const maxNameLength = 64;

/** Returns a function with the same results, which remembers them. */
export function byName<T extends object | boolean>(
  compute: (name: string) => T,
): (name: string) => T {
  const values = new Map<string, T>();
  return (name) => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const value = compute(name);
    if (values.size < maxNames && name.length <= maxNameLength) values.set(name, value);
    return value;
  };
}
