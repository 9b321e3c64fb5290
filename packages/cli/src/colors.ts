/** Colours for texts in a terminal. */

const codes = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  grey: 90,
} as const;

export type Color = keyof typeof codes;

/** Colours a text, or returns it unchanged. */
export type Paint = (color: Color, text: string) => string;

/** A stream that may be a terminal. */
export type Output = Pick<NodeJS.WriteStream, "isTTY" | "hasColors">;

/** Returns the function for a stream. It colours only for a terminal, and honours `NO_COLOR`. */
export function painterFor(stream: Output): Paint {
  if (!stream.isTTY || !stream.hasColors()) return (_color, text) => text;
  return (color, text) => `\u001b[${codes[color]}m${text}\u001b[39m`;
}
