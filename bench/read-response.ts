/** Reads an HTTP response; returns `undefined` while it is incomplete. */
export function readResponse(
  bytes: Buffer,
): { readonly bytes: number; readonly body: string } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(bytes.toString());
  const body = bytes.subarray(end + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length === undefined) return readChunked(bytes, body);
  if (body.length < Number(length)) return undefined;
  return { bytes: bytes.length, body: body.toString() };
}

function readChunked(
  bytes: Buffer,
  rest: Buffer,
): { readonly bytes: number; readonly body: string } | undefined {
  if (!rest.subarray(-5).equals(Buffer.from("0\r\n\r\n"))) return undefined;
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    const size = Number.parseInt(rest.toString("latin1", at, lineEnd), 16);
    if (size === 0) return { bytes: bytes.length, body: Buffer.concat(chunks).toString() };
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
