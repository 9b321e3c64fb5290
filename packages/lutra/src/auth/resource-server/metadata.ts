/**
 * The protected resource metadata of a server (RFC 9728), and the challenges that refer to it. Both are
 * made from the configuration. `Host`, which a caller chooses, changes neither.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-location
 */
import type { ProtectedResource } from "../../transport/http/protected-resource.ts";
import { usesDPoP } from "./credentials.ts";
import type { ProtectRules } from "./options.ts";

const wellKnown = "/.well-known/oauth-protected-resource";

/** Creates the description of a protected server for its handlers. */
export function describeResource(rules: ProtectRules): ProtectedResource {
  const { resource, scopes, dpop } = rules;
  const { origin, pathname } = new URL(resource);
  const path = wellKnown + withoutSlash(pathname);
  const json = JSON.stringify(metadataOf(rules));
  const where = `resource_metadata="${origin}${path}"`;
  const members = scopes.length > 0 ? [`scope="${scopes.join(" ")}"`, where] : [where];
  const algorithms = `algs="${dpop.algorithms.join(" ")}"`;
  return {
    // Clients that do not find the form with the path try the root.
    document: (requested) => {
      // Clients differ about the final slash of a path.
      const plain = withoutSlash(requested);
      return plain === path || plain === wellKnown ? json : undefined;
    },
    complete: (challenge, header) => {
      const [, scheme, sent = ""] = /^(Bearer|DPoP)\b *(.*)$/i.exec(challenge) ?? [];
      if (scheme === undefined) return challenge;
      const isDPoP = scheme.toLowerCase() === "dpop" || dpop.required || usesDPoP(header);
      const own = isDPoP ? [...members, algorithms] : members;
      const added = own.filter((member) => !has(sent, member));
      return `${isDPoP ? "DPoP" : "Bearer"} ${[sent, ...added].filter(Boolean).join(", ")}`;
    },
  };
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Returns true for a challenge that has another value of the member. */
function has(sent: string, member: string): boolean {
  const [name] = member.split("=", 1);
  return new RegExp(`(?:^|[ ,])${name}=`).test(sent);
}

function metadataOf(rules: ProtectRules): object {
  const { resource, issuer, scopesSupported, dpop, name, documentation } = rules;
  return {
    resource,
    authorization_servers: [issuer],
    ...(scopesSupported.length > 0 && { scopes_supported: scopesSupported }),
    bearer_methods_supported: ["header"],
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
    dpop_signing_alg_values_supported: dpop.algorithms,
    dpop_bound_access_tokens_required: dpop.required,
  };
}
