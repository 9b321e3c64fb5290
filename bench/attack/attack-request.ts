/** Requests of an attacker, written as text, so that they need not be valid. */

/** The headers that name a request, which must agree with its body. */
export interface RequestHead {
  readonly method: string;
  /** The tool, prompt or resource. */
  readonly name?: string;
}

const _meta =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}}},"progressToken":1}';

/** Returns the body of a request. `members` are further members of its parameters, as JSON. */
export function bodyOf({ method, name }: RequestHead, members = "", id = "1"): string {
  const field = method === "resources/read" ? "uri" : "name";
  const named = name === undefined ? "" : `"${field}":${JSON.stringify(name)},`;
  const params = `${named}${members === "" ? "" : `${members},`}${_meta}`;
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`;
}

export function headersOf({ method, name }: RequestHead): { [name: string]: string } {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  };
}

/** Sends a body and returns the response, which has begun. */
export function send(
  url: string,
  head: RequestHead,
  body: string,
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<Response> {
  return fetch(url, { method: "POST", headers: headersOf(head), body, signal });
}

/** Returns the message of an error response, or the type of a result. */
export function answerOf(text: string): string {
  const json = text.startsWith("{") ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? "{}");
  const { result, error } = JSON.parse(json);
  return error?.message ?? result?.resultType ?? "no message";
}
