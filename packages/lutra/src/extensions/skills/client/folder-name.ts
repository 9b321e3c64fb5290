/**
 * The names of folders for downloaded skills.
 *
 * @spec ext-skills/skills#skill-uris
 */

const encoder = new TextEncoder();

/** Maximum length of a name in most file systems, in bytes. */
const maxNameLength = 255;

/**
 * Encodes text as the name of a folder, from which it can be decoded again. Two texts have different
 * names, even on a case-insensitive file system. Returns undefined for text whose name would be too long.
 */
export function encodeFolderName(text: string): string | undefined {
  let name = "";
  for (const [index, char] of [...text].entries()) {
    const isPlain =
      /[a-z\d_-]/.test(char) || (char === "." && index > 0 && index < text.length - 1);
    name += isPlain ? char : percentEncoded(char);
  }
  return name === "" || name.length > maxNameLength ? undefined : name;
}

/** Returns the text of a name. */
export function decodeFolderName(name: string): string {
  return decodeURIComponent(name);
}

function percentEncoded(char: string): string {
  const bytes = [...encoder.encode(char)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
