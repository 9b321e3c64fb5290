/**
 * A search for thousands of values in bytes (Wu and Manber): a table tells, for four bytes, how far the
 * next value can be, so most bytes are never read.
 */

/** A place at which a value ends. */
interface Match {
  /** The label of the value. */
  readonly label: string;
  /** Index of its first byte. */
  readonly at: number;
}

export interface ByteSearch {
  /** Returns the first match of each label. */
  readonly find: (bytes: Uint8Array) => readonly Match[];
  /** Length of the longest value, in bytes. */
  readonly maxLength: number;
}

const blockBytes = 4;
const tableBits = 20;

interface Pattern {
  readonly label: string;
  readonly bytes: Buffer;
}

/** The tables of a search. */
interface Tables {
  /** The number of bytes of each pattern that the tables describe. */
  readonly window: number;
  /** The number of bytes that can be skipped after a block. */
  readonly shifts: Uint8Array;
  /** The patterns by the last block of their windows. */
  readonly byLastBlock: ReadonlyMap<number, readonly Pattern[]>;
}

/** Creates a search for values, each with the label under which it is reported. */
export function createByteSearch(
  values: readonly { readonly label: string; readonly text: string }[],
): ByteSearch {
  const patterns = values.map(({ label, text }) => ({ label, bytes: Buffer.from(text) }));
  const tables = tablesOf(patterns);
  return {
    find: (bytes) => matchesIn(bytes, tables),
    maxLength: patterns.reduce((most, { bytes }) => Math.max(most, bytes.length), 0),
  };
}

function tablesOf(patterns: readonly Pattern[]): Tables {
  const window = patterns.reduce((least, { bytes }) => Math.min(least, bytes.length), 255);
  if (window < blockBytes) throw new TypeError(`expected values of ${blockBytes} bytes or more`);
  const shifts = new Uint8Array(2 ** tableBits).fill(window - blockBytes + 1);
  const byLastBlock = new Map<number, Pattern[]>();
  for (const pattern of patterns) {
    for (let at = 0; at + blockBytes <= window; at += 1) {
      const block = blockAt(pattern.bytes, at);
      shifts[block] = Math.min(shifts[block] ?? 0, window - blockBytes - at);
    }
    const last = blockAt(pattern.bytes, window - blockBytes);
    const others = byLastBlock.get(last);
    if (others === undefined) byLastBlock.set(last, [pattern]);
    else others.push(pattern);
  }
  return { window, shifts, byLastBlock };
}

function matchesIn(bytes: Uint8Array, { window, shifts, byLastBlock }: Tables): readonly Match[] {
  const found = new Map<string, Match>();
  let at = window - blockBytes;
  while (at + blockBytes <= bytes.length) {
    const block = blockAt(bytes, at);
    const shift = shifts[block] ?? 0;
    const start = at + blockBytes - window;
    const candidates = shift === 0 ? (byLastBlock.get(block) ?? []) : [];
    for (const { label, bytes: value } of candidates) {
      if (!found.has(label) && startsAt(bytes, value, start))
        found.set(label, { label, at: start });
    }
    at += shift || 1;
  }
  return [...found.values()];
}

function blockAt(bytes: Uint8Array, at: number): number {
  const word =
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - tableBits);
}

function startsAt(bytes: Uint8Array, value: Uint8Array, start: number): boolean {
  return start + value.length <= bytes.length && value.every((one, i) => bytes[start + i] === one);
}
