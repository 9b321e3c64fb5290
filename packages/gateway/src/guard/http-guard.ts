/** A guard that asks an HTTP service. docs/gateway.md describes the messages. */
import {
  isObject,
  type JSONObject,
  type JSONRPCRequest,
  type Middleware,
  type RequestContext,
} from "lutra/protocol";
import { request as send } from "undici";
import { recordOf } from "../exchange-record.ts";
import { denied } from "../refuse.ts";

export interface HttpGuardOptions {
  readonly url: string;
  readonly headers?: { readonly [name: string]: string } | undefined;
  readonly when: readonly ("before" | "after")[];
  readonly timeoutMs: number;
}

/** Maximum size of an answer of the service, in bytes. */
const maxAnswerBytes = 65_536;

/** Creates a guard that refuses what the service does not allow, with status 403 and its reason. */
export function createHttpGuard(options: HttpGuardOptions): Middleware {
  const { when } = options;
  return (next) => async (request, context) => {
    const about = questionAbout(request, context);
    if (when.includes("before")) await ask({ phase: "before", ...about }, context, options);
    const result = await next(request, context);
    if (when.includes("after")) await ask({ phase: "after", ...about, result }, context, options);
    return result;
  };
}

/** Describes a request, without `_meta` and credentials. */
function questionAbout({ method, params = {} }: JSONRPCRequest, context: RequestContext) {
  const { _meta, ...rest } = params;
  const record = recordOf(context);
  const { principal } = context;
  const subject = record?.subject;
  return {
    method,
    params: rest,
    ...(subject && {
      upstream: subject.upstream,
      entry: { kind: subject.kind, name: subject.name },
    }),
    ...(principal && { principal: { id: principal.id, scopes: principal.scopes ?? [] } }),
    ...(record && { address: record.head.address }),
  };
}

/**
 * Asks the service.
 *
 * @throws {ProtocolError} if it refuses
 * @throws {Error} for an answer that is not a decision
 */
async function ask(
  question: object,
  { signal }: RequestContext,
  { url, headers, timeoutMs }: HttpGuardOptions,
): Promise<void> {
  const { statusCode, body } = await send(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(question),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const answer = await read(body);
  if (statusCode !== 200) throw new Error(`expected status 200, got ${statusCode}`);
  const decision = parse(answer);
  if (decision.allow === true) return;
  if (decision.allow !== false) throw new Error('expected {"allow": true} or {"allow": false}');
  const { reason } = decision;
  throw denied(
    typeof reason === "string" ? reason : "The guard of the gateway refused the request",
  );
}

async function read(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error(`expected at most ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): JSONObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("expected JSON");
  }
  if (!isObject(value)) throw new Error("expected a JSON object");
  return value;
}
