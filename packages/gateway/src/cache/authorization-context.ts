/** Distinguishes callers by their principals, and by digests of the headers that identify them. */
import { hash } from "node:crypto";
import type { RequestContext } from "lutra/protocol";
import { type ExchangeRecord, recordOf } from "../exchange-record.ts";
import { byName } from "../head/by-name.ts";
import { type Head, noHead } from "../head/head.ts";
import { HeaderPolicy, type IdentifyingHeaders } from "../head/header-policy.ts";
import { credentialHeaders, mayIdentify } from "../head/known-headers.ts";

const credentials: ReadonlySet<string> = new Set(credentialHeaders);
const byDefault = new HeaderPolicy().identifying;

/** The part of a context that tells who calls. Its record is that of the exchange, if it has one. */
export type Caller = Pick<RequestContext, "principal" | "header">;

/**
 * Returns the key of a request's authorization context, or undefined for a caller without a principal
 * and without headers that identify it. Two access tokens of one principal have different keys,
 * because their permissions may differ. The same applies to two languages of one caller.
 *
 * @spec server/utilities/caching#cache-scope-field
 */
export function authorizationContext(context: Caller): string | undefined {
  const record = recordOf(context);
  if (record === undefined) return computed(context, undefined);
  if (record.authorization === undefined) {
    record.authorization = computed(context, record) ?? null;
  }
  return record.authorization ?? undefined;
}

function computed(context: Caller, record: ExchangeRecord | undefined): string | undefined {
  const principal = context.principal?.id;
  const pairs = identifyingPairs(context, record);
  if (principal === undefined && pairs.length === 0) return undefined;
  const language = context.header?.("accept-language");
  if (language !== undefined) pairs.push(["accept-language", language]);
  return JSON.stringify([principal ?? null, pairs.length === 0 ? null : digest(pairs)]);
}

/** Returns the key of the caller: its principal or, without one, its credentials. */
export function callerOf(context: RequestContext): string | undefined {
  const { principal } = context;
  if (principal !== undefined) return `principal ${principal.id}`;
  const pairs = pairsOf(credentialHeaders, context);
  return pairs.length === 0 ? undefined : `credentials ${digest(pairs)}`;
}

type Pair = readonly [name: string, value: string];

/** Returns the headers by which an upstream could tell the caller from others, in a fixed order. */
function identifyingPairs(context: Caller, record: ExchangeRecord | undefined): Pair[] {
  const identifying = record?.identifying ?? byDefault;
  const head = record?.head ?? noHead;
  const { sent } = head;
  const identifies = testFor(identifying);
  if (sent === undefined) {
    const names = [...credentialHeaders, ...identifying.named];
    return withoutProof(pairsOf(names.filter(identifies), context));
  }
  // Most callers have none, so the list of passed headers is not needed.
  if (!hasAny(sent, identifies)) return [];
  const pairs: Pair[] = [];
  const { headers } = head;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (identifies(name)) pairs.push([name, headers[index + 1] as string]);
  }
  return withoutProof(pairs.sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

function hasAny(sent: NonNullable<Head["sent"]>, identifies: NameTest): boolean {
  for (const name in sent) if (identifies(name)) return true;
  return false;
}

/** Returns true for a header, in lower case, by which callers are told apart. */
type NameTest = (name: string) => boolean;

const tests = new WeakMap<IdentifyingHeaders, NameTest>();

/** Returns the test of an upstream or a route, which is created once. */
function testFor(identifying: IdentifyingHeaders): NameTest {
  const known = tests.get(identifying);
  if (known !== undefined) return known;
  const test = byName((name) => isIdentifying(name, identifying));
  tests.set(identifying, test);
  return test;
}

function isIdentifying(name: string, { isAll, named, ignored }: IdentifyingHeaders): boolean {
  if (ignored.has(name)) return false;
  return named.has(name) || credentials.has(name) || (isAll && mayIdentify(name));
}

/** Removes the `DPoP` proof of a token: it differs in each request, and the token identifies the caller. */
function withoutProof(pairs: Pair[]): Pair[] {
  const hasToken = pairs.some(([name]) => name === "authorization");
  return hasToken ? pairs.filter(([name]) => name !== "dpop") : pairs;
}

function pairsOf(names: readonly string[], { header }: Caller): Pair[] {
  const pairs: Pair[] = [];
  for (const name of names) {
    const value = header?.(name);
    if (value !== undefined) pairs.push([name, value]);
  }
  return pairs;
}

function digest(pairs: readonly Pair[]): string {
  return hash("sha256", JSON.stringify(pairs), "base64url");
}
