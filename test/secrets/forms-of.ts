/** The forms in which a secret may have been written. */

/**
 * Returns the forms of a value: as it is, in a URL, in a form, in JSON; and these in hexadecimal digits and
 * in base64.
 */
export function formsOf(value: string): readonly string[] {
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
