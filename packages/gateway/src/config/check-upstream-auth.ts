/** Rules for the tokens of upstreams, beside their types. */
import { isObject, type JSONObject } from "lutra/protocol";
import type { Finding } from "./valid-parts.ts";

type Path = readonly PropertyKey[];

/** Returns every violation of a rule. Values of a wrong type have other findings already. */
export function checkUpstreamAuth(input: unknown): readonly Finding[] {
  if (!isObject(input) || !isObject(input.upstreams)) return [];
  const upstreams = Object.entries(input.upstreams);
  return [
    ...upstreams.flatMap(([name, upstream]) => {
      if (!isObject(upstream) || !isObject(upstream.auth)) return [];
      const path = ["upstreams", name];
      return [
        ...checkUpstream(upstream, upstream.auth, path),
        ...checkSignIn(upstream.auth, input.auth, path),
      ];
    }),
    ...checkSignInStore(input),
    ...checkForwarding(input.auth, upstreams),
  ];
}

function checkUpstream(upstream: JSONObject, auth: JSONObject, path: Path): readonly Finding[] {
  const at = [...path, "auth"];
  return [
    ...checkClient(auth, at),
    ...checkProvider(auth, at),
    ...checkGrant(auth, at),
    ...checkResource(upstream, auth, path),
    ...checkHeaders(upstream.headers, path),
    ...checkTrust(upstream, auth, path),
  ];
}

/** A sign-in is bound to the caller, whom the gateway must recognise in the browser. */
function checkSignIn({ grant }: JSONObject, callers: unknown, path: Path): readonly Finding[] {
  if (grant !== "sign-in" || (isObject(callers) && callers.signIn !== undefined)) return [];
  return [
    {
      path: [...path, "auth", "grant"],
      message:
        "sign-in requires auth.issuer and auth.signIn, by which the gateway recognises its users in their browser",
    },
  ];
}

function checkSignInStore({ auth, keys }: JSONObject): readonly Finding[] {
  if (!isObject(auth) || !isObject(auth.signIn)) return [];
  const { store = "memory:", clientSecret, clientSecretFile } = auth.signIn;
  const path = ["auth", "signIn"];
  const two = { path, message: "expected only one of clientSecret and clientSecretFile" };
  const unkept = { path: [...path, "store"], message: "requires keys, which encrypt the tokens" };
  return [
    ...(clientSecret !== undefined && clientSecretFile !== undefined ? [two] : []),
    ...(store !== "memory:" && keys === undefined ? [unkept] : []),
  ];
}

const secretKeys = ["clientSecret", "clientSecretFile", "keyFile"] as const;

function checkClient(client: JSONObject, path: Path): readonly Finding[] {
  const set = secretKeys.filter((key) => client[key] !== undefined);
  const isPublic = client.grant === "sign-in" && set.length === 0;
  const isOne = isPublic || set.length === 1;
  const count = { path, message: `expected exactly one of ${secretKeys.join(", ")}` };
  const ofKey = ["keyAlgorithm", "keyId"].flatMap((key) => {
    if (client[key] === undefined || client.keyFile !== undefined) return [];
    return [{ path: [...path, key], message: "requires keyFile; add it, or remove this setting" }];
  });
  return [...(isOne ? [] : [count]), ...ofKey, ...(isOne ? checkAuthentication(client, path) : [])];
}

function checkAuthentication(client: JSONObject, path: Path): readonly Finding[] {
  const { authentication, keyFile } = client;
  if (authentication === undefined) return [];
  const isFitting = (authentication === "private_key_jwt") === (keyFile !== undefined);
  if (isFitting) return [];
  const needed = keyFile === undefined ? "keyFile" : "clientSecret or clientSecretFile";
  return [{ path: [...path, "authentication"], message: `${authentication} requires ${needed}` }];
}

function checkProvider(auth: JSONObject, path: Path): readonly Finding[] {
  const { grant, identityProvider } = auth;
  const at = [...path, "identityProvider"];
  const isNeeded = grant === "enterprise-managed";
  if (isNeeded && identityProvider === undefined) {
    return [{ path, message: "the grant enterprise-managed requires identityProvider" }];
  }
  if (!isNeeded && identityProvider !== undefined) {
    return [{ path: at, message: "requires the grant enterprise-managed; remove it" }];
  }
  return isObject(identityProvider) ? checkClient(identityProvider, at) : [];
}

/** The settings that some grants do not have, with the grants that have them. */
const grantsOf: { readonly [setting: string]: readonly string[] } = {
  audience: ["token-exchange"],
  subjectTokenType: ["token-exchange", "enterprise-managed"],
  stepUpScopes: ["client-credentials", "token-exchange", "enterprise-managed"],
  dpop: ["client-credentials", "token-exchange", "enterprise-managed"],
};

function checkGrant(auth: JSONObject, path: Path): readonly Finding[] {
  return Object.entries(grantsOf).flatMap(([setting, grants]) => {
    if (auth[setting] === undefined || grants.includes(String(auth.grant))) return [];
    return [
      { path: [...path, setting], message: `requires the grant ${grants.join(" or ")}; remove it` },
    ];
  });
}

function checkResource(
  { url, socket }: JSONObject,
  { resource }: JSONObject,
  path: Path,
): readonly Finding[] {
  if (resource !== undefined) return [];
  const isOne = typeof url === "string" || (Array.isArray(url) && url.length === 1);
  if (url === undefined || (isOne && socket === undefined)) return [];
  return [
    {
      path: [...path, "auth"],
      message: "requires resource, because the replicas have addresses of their own",
    },
  ];
}

function checkHeaders(headers: unknown, path: Path): readonly Finding[] {
  if (!isObject(headers)) return [];
  const parts = ["set", "rename"].filter((key) => isObject(headers[key]));
  const isPolicy = ["forward", "set", "rename", "remove"].some((key) =>
    Object.hasOwn(headers, key),
  );
  const written = isPolicy
    ? parts.map((key) => [[key], Object.entries(headers[key] as JSONObject)] as const)
    : [[[], Object.entries(headers)] as const];
  return written.flatMap(([inside, entries]) =>
    entries.flatMap(([name, value]) => {
      const sent = inside[0] === "rename" ? String(value) : name;
      if (sent.toLowerCase() !== "authorization") return [];
      return [
        {
          path: [...path, "headers", ...inside, name],
          message: "has no effect beside auth, which sends a token of its own; remove one of them",
        },
      ];
    }),
  );
}

/** The results of a server that sees its users are not the same for all of them. */
function checkTrust(
  { trustPublic }: JSONObject,
  { grant }: JSONObject,
  path: Path,
): readonly Finding[] {
  if (trustPublic !== true || grant === "client-credentials") return [];
  return [
    {
      path: [...path, "trustPublic"],
      message: `expected no trustPublic with the grant ${grant}, whose tokens belong to one caller each`,
    },
  ];
}

/**
 * The token of a caller is issued for the gateway. A server that receives it could use it at all
 * others, so only one that is the same resource may receive it.
 *
 * @spec basic/authorization/security-considerations#access-token-privilege-restriction
 */
function checkForwarding(
  auth: unknown,
  upstreams: readonly (readonly [string, unknown])[],
): readonly Finding[] {
  if (!isObject(auth) || auth.forwardCredentials !== true) return [];
  const path = ["auth", "forwardCredentials"];
  const [first, ...others] = upstreams;
  if (others.length > 0) {
    return [
      {
        path,
        message:
          "would pass the tokens of callers, which are issued for this gateway, through to several servers, each of which could use them at the others; remove it, and give upstreams tokens of their own with auth",
      },
    ];
  }
  const isOwn = isObject(first?.[1]) && first[1].auth !== undefined;
  if (!isOwn) return [];
  return [
    { path, message: "has no effect beside upstreams.*.auth, whose tokens are sent; remove it" },
  ];
}
