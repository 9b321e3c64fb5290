/** Reads the body of a request as a JSON object. */
import type { IncomingMessage } from "node:http";
import { isObject, type JSONObject } from "lutra/protocol";
import { ApiError } from "./api-error.ts";

/** Maximum size of a body, in bytes. Arguments of tools can contain images. */
const maxBodyBytes = 4 * 1024 * 1024;

/** @throws {ApiError} for a body that is too large or not a JSON object */
export async function readBody(req: IncomingMessage): Promise<JSONObject> {
  if (!/^application\/json\b/i.test(req.headers["content-type"] ?? "")) {
    throw new ApiError(415, "Content-Type: expected application/json");
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new ApiError(413, `body: expected at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  const value = parse(Buffer.concat(chunks).toString("utf8"));
  if (!isObject(value)) throw new ApiError(400, "body: expected a JSON object");
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
