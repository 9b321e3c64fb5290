/** The secrets in the exchanges with an authorization server. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { minLength, registerSecret, type Secret } from "../secrets/registered-secrets.ts";

/** A request and its response, with their contents. */
export interface SeenExchange {
  readonly url: URL;
  readonly requestHeaders: IncomingHttpHeaders;
  readonly requestBody: string;
  readonly responseHeaders: OutgoingHttpHeaders;
  readonly responseBody: string;
}

const sent = [
  ...["code", "code_verifier", "refresh_token", "token", "client_secret"],
  ...["assertion", "client_assertion", "subject_token"],
];
const issued = ["access_token", "refresh_token", "id_token", "client_secret"];

/** Returns the secrets that an exchange contains. */
export function secretsIn({
  requestBody,
  responseHeaders,
  responseBody,
}: SeenExchange): readonly Secret[] {
  const form = new URLSearchParams(requestBody.includes("=") ? requestBody : "");
  const { location, "content-type": type } = responseHeaders;
  const target = URL.canParse(String(location)) ? new URL(String(location)) : undefined;
  const isAnswer = String(type).includes("json") && /grant_type|redirect_uris/.test(requestBody);
  const answer = isAnswer && responseBody.startsWith("{") ? JSON.parse(responseBody) : {};
  return [
    ...sent.map((kind) => ({ kind, value: form.get(kind) })),
    ...issued.map((kind) => ({ kind, value: answer[kind] })),
    { kind: "code", value: target?.searchParams.get("code") },
  ].filter((one): one is Secret => typeof one.value === "string" && one.value.length >= minLength);
}

/** Registers the secrets of an exchange, for the search at the end of a run. */
export function registerExchange(exchange: SeenExchange): void {
  for (const { kind, value } of secretsIn(exchange)) registerSecret(kind, value);
}
