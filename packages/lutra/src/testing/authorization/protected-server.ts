/** The requests of a contract to a protected server, and the expectations on its refusals. */

import { headerNames } from "../../protocol/http-headers.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { callTool, listTools } from "../../protocol/tools.ts";
import { latestVersion } from "../../protocol/versioning.ts";
import { expectEqual, expectThat } from "../contracts/contract-case.ts";
import type { TestIssuer } from "./test-issuer.ts";

/** A server under test, with the authorization server that it trusts. */
export interface ProtectedServer {
  readonly issuer: TestIssuer;
  /** Sends a request to the server. Its URL is that of `resource`, or one of the same origin. */
  readonly send: (request: Request) => Promise<Response>;
  /** A tool that callers need a scope for, and that takes no arguments. */
  readonly tool: { readonly name: string; readonly scope: string };
  /** True for a server that requires a nonce in proofs. @default false */
  readonly requiresNonce?: boolean;
}

/** One promise of a protected server. */
export interface ProtectedServerCase {
  readonly name: string;
  readonly body: (server: ProtectedServer) => Promise<void>;
}

/** Creates a request for the list of tools, or with `tool` for the call of one. */
export function createRequest(
  { issuer: { resource } }: ProtectedServer,
  headers: { readonly [name: string]: string },
  tool?: string,
): Request {
  const method = tool === undefined ? listTools.name : callTool.name;
  const _meta = {
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientInfo]: { name: "lutra-testing", version: "1.0.0" },
    [metaKeys.clientCapabilities]: {},
  };
  const params = tool === undefined ? { _meta } : { name: tool, arguments: {}, _meta };
  return new Request(resource, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      [headerNames.version]: latestVersion,
      [headerNames.method]: method,
      ...(tool !== undefined && { [headerNames.name]: tool }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
}

/** Expects a response with a result. */
export async function expectServed(response: Response): Promise<void> {
  const body = await response.text();
  const isServed = response.status === 200 && body.includes('"result"');
  expectThat(isServed, `the request is served, got ${response.status} ${body.slice(0, 300)}`);
}

/** The members that a challenge must have. */
export interface ExpectedChallenge {
  readonly status: number;
  /** @default "Bearer" */
  readonly scheme?: string;
  /** @default no `error` */
  readonly error?: string;
  readonly scope?: string;
}

/** Expects a refusal, and returns the URL of the metadata in its challenge. */
export async function expectRefused(
  response: Response,
  { status, scheme = "Bearer", error, scope }: ExpectedChallenge,
): Promise<string> {
  const challenge = response.headers.get("www-authenticate") ?? "";
  const body = await response.text();
  const shown = `${response.status}, WWW-Authenticate: ${challenge}`;
  expectThat(response.status === status, `the status is ${status}, got ${shown}`);
  const [found = ""] = /^\w+/.exec(challenge) ?? [];
  expectEqual(found.toLowerCase(), scheme.toLowerCase(), `the scheme of ${shown}`);
  expectEqual(memberOf(challenge, "error"), error, `error in ${shown}`);
  const metadata = memberOf(challenge, "resource_metadata");
  expectThat(metadata !== undefined, `the challenge has resource_metadata, got ${shown}`);
  if (scope !== undefined) {
    const scopes = memberOf(challenge, "scope")?.split(" ") ?? [];
    expectThat(scopes.includes(scope), `the challenge asks for the scope ${scope}, got ${shown}`);
  }
  expectThat(!body.includes('"result"'), "a refusal has no result");
  return metadata;
}

/** Returns a quoted member of a challenge. */
function memberOf(challenge: string, name: string): string | undefined {
  return new RegExp(`(?:^|[ ,])${name}="([^"]*)"`).exec(challenge)?.[1];
}

/** Reads a JSON object of a response. */
export async function readObject(response: Response): Promise<JSONObject> {
  return (await response.json()) as JSONObject;
}
