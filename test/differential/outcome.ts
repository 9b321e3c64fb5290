/** The part of a response in which two servers can be compared. */

/** Returns the status with the essence of the result, or with the code of the error. */
export async function outcomeOf(response: Response): Promise<string> {
  const { status, headers } = response;
  const text = await response.text();
  const isStream = headers.get("content-type")?.startsWith("text/event-stream");
  const json = isStream ? /^data: ?(.*)$/m.exec(text)?.[1] : text;
  if (json === undefined || json === "") return `${status}`;
  const { result, error } = JSON.parse(json) as { result?: object; error?: { code: number } };
  if (error !== undefined) return `${status} ${error.code}`;
  return `${status} ${JSON.stringify(essenceOf(result))}`;
}

/** Leaves out members that servers choose: texts for people, freshness and metadata. */
function essenceOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essenceOf);
  if (typeof value !== "object" || value === null) return value;
  const { name, uri, uriTemplate, isError, ...rest } = value as { readonly [key: string]: unknown };
  if (isError === true) return { isError };
  if (uriTemplate !== undefined) return { uriTemplate };
  if (name !== undefined) return { name };
  const { _meta, ttlMs, cacheScope, resultType, capabilities, mimeType, ...compared } = rest;
  const entries = Object.entries(compared).filter(([key]) => !["serverInfo"].includes(key));
  const sorted = entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries([
    ...(uri === undefined ? [] : [["uri", uri]]),
    ...sorted.map(([key, member]) => [key, essenceOf(member)]),
  ]);
}
