/** JSON with comments and trailing commas, as editors keep it. */

const string = '"(?:\\\\.|[^"\\\\])*"';
const comments = new RegExp(`(${string})|//[^\\n]*|/\\*[\\s\\S]*?\\*/`, "g");
const trailingCommas = new RegExp(`(${string})|,(?=\\s*[}\\]])`, "g");

/** @throws {SyntaxError} for other text */
export function parseJSONC(text: string): unknown {
  const keepStrings = (_match: string, kept: string | undefined) => kept ?? "";
  const plain = text.replace(/^\uFEFF/, "").replace(comments, keepStrings);
  return JSON.parse(plain.replace(trailingCommas, keepStrings));
}
