/** Length above which text is sent as bytes, in characters. */
const largeLength = 65_536;

/**
 * Encodes long text. Node keeps a string until it is sent, beside up to three times as many bytes; bytes
 * are sent without a copy. Short text stays a string, which Node sends together with the head.
 */
export function largeAsBytes(text: string): string | Uint8Array {
  return text.length > largeLength ? Buffer.from(text) : text;
}
