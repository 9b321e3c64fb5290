import { requirePrefix } from "../prefix.ts";

/** The names by which the store of one server differs from those of others in the same database. */
export interface Namespace {
  /** The name of the schema. */
  readonly name: string;
  /** The name of the schema with a dot, the prefix of tables. */
  readonly schema: string;
  /** The channel of events. */
  readonly eventsChannel: string;
  /** The channel of wake-ups for workers. */
  readonly tasksChannel: string;
  /** The first key of all advisory locks. */
  readonly lockClass: number;
}

/** "Lutr", the lock class of a store without a prefix. */
const defaultLockClass = 0x4c_75_74_72;

/**
 * Returns the names for a prefix.
 *
 * @throws {TypeError} for a prefix other than `a` to `z`, digits and `_`, up to 40 characters
 */
export function namespaceOf(prefix?: string): Namespace {
  requirePrefix(prefix);
  const name = prefix === undefined ? "lutra" : `lutra_${prefix}`;
  return {
    name,
    schema: `${name}.`,
    // A prefix can't end in these words, because two underscores separate them.
    eventsChannel: prefix === undefined ? "lutra_events" : `${name}__events`,
    tasksChannel: prefix === undefined ? "lutra_tasks" : `${name}__tasks`,
    lockClass: prefix === undefined ? defaultLockClass : hash(name),
  };
}

/** Returns a number of 31 bits, the FNV-1a hash of a text. */
function hash(text: string): number {
  let bits = 0x81_1c_9d_c5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01_00_01_93);
  return bits >>> 1;
}
