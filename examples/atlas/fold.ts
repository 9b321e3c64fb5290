const specials: { readonly [letter: string]: string } = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ħ: "h",
  ı: "i",
  ə: "e",
};
const special = new RegExp(`[${Object.keys(specials).join("")}]`, "g");

/**
 * Returns a name without case, accents and punctuation: lower-case words joined by hyphens. Names
 * are searched in this form, and ids are built from it.
 */
export function fold(name: string): string {
  const lower = name.toLowerCase();
  if (/^[a-z0-9]+$/.test(lower)) return lower;
  return lower
    .normalize("NFD")
    .replace(/[\p{M}'’‘`ʻ]/gu, "")
    .replace(special, (letter) => specials[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
}
