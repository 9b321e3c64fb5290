import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, it } from "vitest";
import { clientCredentials } from "./client-credentials.ts";
import { authorizationIn, call, issuer, server, World } from "./fixtures/oauth-world.ts";

/** A world whose tokens are bound to keys. */
function boundWorld(): World {
  const world = new World();
  const { authority } = world;
  authority.metadata.dpop_signing_alg_values_supported = ["ES256"];
  authority.metadata.token_endpoint_auth_methods_supported = ["client_secret_post"];
  authority.token = () => {
    const access_token = `bound-${authority.tokenRequests.length}`;
    authority.accessTokens.set(access_token, "");
    return Response.json({ access_token, token_type: "DPoP" });
  };
  return world;
}

const program = { issuer, clientId: "program", clientSecret: "x" };

it("a program gets a bound token when the challenge asks for one, and sends the nonce", async () => {
  const world = boundWorld();
  const nonces: unknown[] = [];
  world.challenge = (token, { headers }) => {
    if (token === undefined) return { status: 401, header: 'DPoP algs="ES256"' };
    const { nonce } = decodeJwt(headers.get("dpop") ?? "");
    nonces.push(nonce);
    return undefined;
  };
  const serve = world.fetch;
  const answering: typeof fetch = async (input, init) => {
    const response = await serve(input, init);
    if (String(input) !== server || nonces.length !== 1) return response;
    const headers = { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n1" };
    return new Response(null, { status: 401, headers });
  };
  const auth = authorizationIn(world, { grant: clientCredentials(program) });
  const send = auth.authorize(new URL(server), answering);
  expect((await send(server, { method: "POST", body: "{}" })).status).toBe(200);
  expect(nonces).toEqual([undefined, "n1"]);
  expect(world.authority.tokenRequests).toHaveLength(1);
});

it("each proof is about its request, and used once", async () => {
  const world = boundWorld();
  const auth = authorizationIn(world, { grant: clientCredentials(program), dpop: true });
  await call(auth, world);
  await call(auth, world);
  const proofs = world.seen.flatMap(({ headers, url, method }) => {
    const proof = headers.get("dpop");
    return proof === null ? [] : [{ proof, url, method }];
  });
  expect(proofs).toHaveLength(3);
  for (const { proof, url, method } of proofs) {
    expect(decodeJwt(proof)).toMatchObject({ htm: method, htu: url });
    expect(decodeProtectedHeader(proof).jwk).not.toHaveProperty("d");
  }
  expect(new Set(proofs.map(({ proof }) => decodeJwt(proof).jti)).size).toBe(3);
  expect(decodeJwt(proofs.at(-1)?.proof ?? "")).toHaveProperty("ath");
});

it("a bearer token is refused where a bound one was asked for", async () => {
  const world = boundWorld();
  world.authority.token = () => Response.json({ access_token: "a", token_type: "Bearer" });
  const auth = authorizationIn(world, { grant: clientCredentials(program), dpop: true });
  await expect(call(auth, world)).rejects.toMatchObject({ failure: "unsupported" });
});
