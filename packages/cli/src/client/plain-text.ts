/** Text of a server as a terminal can show it. */

/** Control characters, except line breaks and tabs, and characters that reorder a line. */
const controls = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Replaces characters that could change a terminal or hide text with a visible form. */
export function plainText(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Returns text on one line. */
export function plainLine(text: string): string {
  return plainText(text).replace(/\s+/g, " ").trim();
}

/** Encodes a value as JSON without control characters. The result is still JSON. */
export function plainJSON(value: unknown): string {
  return plainText(JSON.stringify(value, null, 2) ?? "null");
}

const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const narrow = /\p{M}|\u200b|\u200c|\u200d/u;

/** Returns the number of columns that a terminal uses for text without control characters. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += wide.test(char) ? 2 : narrow.test(char) ? 0 : 1;
  return width;
}

/** Shortens text to a number of columns. */
export function clipTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let clipped = "";
  for (const char of text) {
    if (widthOf(clipped + char) >= columns) break;
    clipped += char;
  }
  return columns < 1 ? "" : `${clipped}…`;
}
