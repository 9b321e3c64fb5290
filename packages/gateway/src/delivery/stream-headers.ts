/** Headers on their way through: names and values in turn. */
import { replicaHeader } from "../exchange-record.ts";

/**
 * Compiles what the requests to one upstream have in their heads: what the operator configured goes
 * before what a client says. Names are in lower case.
 */
export function createRequestHeaders(
  configured: { readonly [name: string]: string } = {},
): (headers: readonly string[]) => readonly string[] {
  const own = Object.entries(configured).map(([name, value]) => [name.toLowerCase(), value]);
  if (own.length === 0) return (headers) => headers;
  const names = new Set(own.map(([name]) => name));
  const added = own.flat() as string[];
  return (headers) => {
    const kept: string[] = [];
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] as string;
      if (!names.has(name)) kept.push(name, headers[index + 1] as string);
    }
    return kept.concat(added);
  };
}

/** The head of a response as it goes on to the client. */
export interface ResponseHead {
  readonly headers: string[];
  readonly contentType: string | undefined;
  /** How long the body is; `undefined` when only its end tells. */
  readonly length: number | undefined;
}

/**
 * Reads the headers of a response, without those that belong to its connection, and says who
 * answered. `isLast` also ends the client's connection after it.
 */
export function readResponseHead(
  raw: readonly Buffer[],
  replica: string,
  isLast: boolean,
): ResponseHead {
  const headers = [replicaHeader, replica];
  let contentType: string | undefined;
  let length: number | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as Buffer).toString("latin1");
    if (isHopByHop(name)) continue;
    const value = (raw[index + 1] as Buffer).toString("latin1");
    headers.push(name, value);
    if (name.length === 12 && name.toLowerCase() === "content-type") contentType = value;
    else if (name.length === 14 && name.toLowerCase() === "content-length") length = Number(value);
  }
  if (isLast) headers.push("connection", "close");
  return { headers, contentType, length };
}

/** Headers that belong to one connection, by their length, so that most are told apart at once. */
const hopByHop: readonly (readonly string[] | undefined)[] = [
  "te",
  "trailer",
  "upgrade",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
].reduce<string[][]>((byLength, name) => {
  byLength[name.length] = [...(byLength[name.length] ?? []), name];
  return byLength;
}, []);

function isHopByHop(name: string): boolean {
  const sameLength = hopByHop[name.length];
  return sameLength?.includes(name.toLowerCase()) === true;
}
