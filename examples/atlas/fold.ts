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
 * What is left of a name without case, accents and punctuation: words in small letters, joined by
 * hyphens. Names are searched in this form, and ids are made of it.
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
