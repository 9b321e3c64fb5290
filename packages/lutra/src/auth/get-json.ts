/** Reads a metadata document. */
import { isObject, type JSONObject } from "../protocol/json.ts";

export interface MetadataRequest {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

/**
 * Resolves to the JSON object at a URL, or to `undefined` when there is none: a status other than 200,
 * or a body that is not a JSON object, such as a web page.
 *
 * @throws {TransportError} when there is no response, or the URL may not be requested
 */
export async function getJSON(
  url: string,
  { fetch, signal }: MetadataRequest,
): Promise<JSONObject | undefined> {
  const headers = { accept: "application/json" };
  const response = await fetch(url, { headers, ...(signal && { signal }) });
  if (response.status !== 200) return undefined;
  const value: unknown = await response.json().catch(() => undefined);
  return isObject(value) ? value : undefined;
}
