/** The responses to requests that are not served, with texts that describe a valid request. */
import type { IncomingMessage } from "node:http";
import { discover } from "../../protocol/discover.ts";
import { type RequestId, readId } from "../../protocol/json-rpc.ts";
import { listTools } from "../../protocol/tools.ts";
import { latestVersion } from "../../protocol/versioning.ts";
import { createExample, curlCommand } from "./example-request.ts";
import { watchArrival } from "./node-arrival.ts";
import { withExample } from "./node-example.ts";
import { targetOf } from "./node-screening.ts";
import type { ReadHeader, Refusal } from "./rules.ts";

/** Maximum size of a body that is read for an error response, in bytes. */
const maxReadBytes = 65_536;

/** A refusal whose response describes a valid request. */
export interface ExplainedRefusal extends Refusal {
  /** The id of the request, if its body was read. */
  readonly id?: RequestId | undefined;
  /** A plain text, for a refusal without an error. */
  readonly text?: string;
}

/**
 * Adds a description of a valid request to a refusal: an example in the error for another media type,
 * for which a small body is read, and a text for another HTTP method. Returns other refusals unchanged.
 *
 * @spec basic/transports/streamable-http#earlier-streamable-http-revisions
 */
export async function explainRefusal(
  refusal: Refusal,
  req: IncomingMessage,
  header: ReadHeader,
): Promise<ExplainedRefusal> {
  const { status, error } = refusal;
  if (status === 405) return { ...refusal, text: postInstead(req) };
  if (status !== 415 || error === undefined) return refusal;
  const body = await readSmallMessage(req);
  return { ...refusal, id: readId(body), error: withExample(error, { req, header, body }) };
}

/** Reads and decodes a small body. Resolves to undefined for any other, and for one that was read. */
export async function readSmallMessage(req: IncomingMessage): Promise<unknown> {
  if (!(Number(req.headers["content-length"]) <= maxReadBytes) || req.readableDidRead) return;
  const chunks: Buffer[] = [];
  if (!req.complete) watchArrival(req, (error) => req.destroy(error));
  try {
    for await (const chunk of req) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

function postInstead(req: IncomingMessage): string {
  const command = curlCommand(urlOf(req), createExample({ method: listTools.name }));
  return `This is an endpoint of the Model Context Protocol, revision ${latestVersion}. It answers JSON-RPC requests that are sent with POST, for example:

${command}

${discover.name} tells what it offers.
`;
}

/** A host name or address with an optional port, as a client may repeat it in a command. */
const plainHost = /^[\w.-]{1,253}(?::\d{1,5})?$|^\[[\da-f:]+\](?::\d{1,5})?$/i;

/**
 * Returns the URL of a request as its client knows it, for examples.
 *
 * @param path The path, if not that of the request
 */
export function urlOf(req: IncomingMessage, path?: string): string {
  const { "x-forwarded-proto": proto } = req.headers;
  const scheme = proto === "https" ? "https" : "http";
  const target = targetOf(req);
  const host = target.host ?? req.headers.host ?? "";
  // Frameworks that mount a handler at a path keep the whole URL in another member.
  const isMounted = "originalUrl" in req && typeof req.originalUrl === "string";
  const [own = "/"] = isMounted ? (req.originalUrl as string).split("?", 1) : [target.path];
  return `${scheme}://${plainHost.test(host) ? host : "localhost"}${path ?? own}`;
}
