/** The authorization of the client in the scenarios of the official conformance suite. */
import {
  browserSignIn,
  clientCredentials,
  enterpriseManaged,
  type Grant,
  type OAuth,
  oauth,
  workloadIdentity,
} from "lutra/auth/client";
import { readContext } from "./context.ts";

interface Context {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly private_key_pem: string;
  readonly signing_algorithm: string;
  readonly valid_jwt: string;
  readonly idp_client_id: string;
  readonly idp_id_token: string;
  readonly idp_issuer: string;
  readonly idp_token_endpoint: string;
}

/** Creates the authorization that a scenario is about. */
export async function authorizationFor(scenario: string, url: string): Promise<OAuth> {
  const { client_id: clientId, ...context } = readContext<Context>();
  const { client_secret: clientSecret } = context;
  // Programs with credentials are configured with the issuer that they have them from.
  const issuer = context.issuer ?? (clientId === undefined ? "" : await issuerOf(url));
  const grants: { readonly [scenario: string]: () => Grant } = {
    "auth/pre-registration": () => signIn({ clients: [{ issuer, clientId, clientSecret }] }),
    "auth/client-credentials-basic": () => clientCredentials({ issuer, clientId, clientSecret }),
    "auth/client-credentials-jwt": () => {
      const { private_key_pem: privateKey, signing_algorithm: algorithm } = context;
      return clientCredentials({ issuer, clientId, key: { privateKey, algorithm } });
    },
    "auth/wif-jwt-bearer": () =>
      workloadIdentity({ issuer, clientId, token: () => context.valid_jwt }),
    "auth/enterprise-managed-authorization": () =>
      enterpriseManaged({
        ...{ issuer, clientId, clientSecret },
        identityProvider: {
          issuer: context.idp_issuer,
          tokenEndpoint: context.idp_token_endpoint,
          clientId: context.idp_client_id,
          subject: () => ({ token: context.idp_id_token, type: "id_token" }),
        },
      }),
  };
  return oauth({ grant: grants[scenario]?.() ?? signIn({}) });
}

/** Creates the sign-in of a user who agrees at once. */
function signIn(options: Parameters<typeof browserSignIn>[0]): Grant {
  return browserSignIn({
    clientName: "everything",
    clientMetadataUrl: "https://conformance-test.local/client-metadata.json",
    ...options,
    open: async (url) => {
      const { headers } = await fetch(url, { redirect: "manual" });
      await fetch(headers.get("location") ?? "");
    },
  });
}

/** Resolves to the authorization server of a server. */
async function issuerOf(url: string): Promise<string> {
  const { origin, pathname } = new URL(url);
  const response = await fetch(`${origin}/.well-known/oauth-protected-resource${pathname}`);
  if (!response.ok) return "";
  const { authorization_servers } = await response.json();
  return authorization_servers[0];
}
