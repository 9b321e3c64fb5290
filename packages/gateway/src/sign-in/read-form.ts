/** Reads the forms of the gateway's own pages. */
import type { IncomingMessage } from "node:http";

/** Maximum size of a form, in bytes. */
const maxFormBytes = 8192;

/**
 * Reads a form.
 *
 * @throws {TypeError} for a body that is too large
 */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxFormBytes) throw new TypeError("form: expected at most 8192 bytes");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
