/** A search for secrets in everything that programs have written. */

/** A value that few places may contain. */
export interface Secret {
  /** The kind, such as `code`, for the report. */
  readonly kind: string;
  readonly value: string;
}

/** Minimum length of a value that no text contains by chance, in characters. */
const minLength = 16;

/** Returns the places that contain a secret in any form, as `kind in place`. */
export function findSecrets(
  secrets: readonly Secret[],
  places: ReadonlyMap<string, string>,
): readonly string[] {
  const found = new Set<string>();
  for (const { kind, value } of secrets) {
    if (value.length < minLength) throw new Error(`${kind}: expected ${minLength} characters`);
    const forms = formsOf(value);
    for (const [place, text] of places) {
      if (forms.some((form) => text.includes(form))) found.add(`${kind} in ${place}`);
    }
  }
  return [...found];
}

/**
 * Returns the forms of a value: as it is, in a URL, in a form, in JSON; and these in hexadecimal digits and
 * in base64.
 */
function formsOf(value: string): readonly string[] {
  const [, inForm = ""] = new URLSearchParams({ value }).toString().split("=");
  const texts = [value, encodeURIComponent(value), inForm, JSON.stringify(value).slice(1, -1)];
  return [...new Set(texts.flatMap((text) => [text, ...encodedForms(Buffer.from(text))]))];
}

function encodedForms(bytes: Buffer): readonly string[] {
  const inBase64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // The first characters depend on the bytes before the value, and the last ones on those after it.
    const own = text.slice(before === 0 ? 0 : before + 1, -4);
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [bytes.toString("hex"), ...inBase64];
}
