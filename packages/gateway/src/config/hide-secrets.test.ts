import { expect, it } from "vitest";
import { hideSecrets } from "./hide-secrets.ts";
import { parseConfig } from "./parse-config.ts";
import { readDocument } from "./read-document.ts";

/** 32 bytes as Base64, with a recognisable text. */
const secret = `${"SECRET".padEnd(43, "A")}=`;

it("hides keys, header and environment values, and queries in URLs", () => {
  const { config } = parseConfig({
    keys: [{ id: "one", secret }],
    auth: { tokens: [{ id: "ana", token: "SECRET-SECRET-SECRET" }] },
    guard: { url: "http://g.example/", headers: { authorization: "SECRET" } },
    upstreams: {
      a: {
        url: ["https://a.example/mcp?key=SECRET", "http://b.example/mcp"],
        headers: { authorization: "Bearer SECRET", "x.y": "SECRET" },
      },
      "b-c_d": { command: ["run"], env: { TOKEN: "SECRET", "odd name": "SECRET" } },
      managed: {
        url: "https://c.example/mcp",
        auth: {
          ...{ grant: "enterprise-managed", issuer: "https://login.example" },
          ...{ clientId: "gateway", clientSecret: "SECRET" },
          identityProvider: {
            ...{ issuer: "https://idp.example", clientId: "gateway", clientSecret: "SECRET" },
          },
        },
      },
    },
  });
  const shown = hideSecrets(config);
  expect(JSON.stringify(shown)).not.toContain("SECRET");
  expect(shown).toMatchObject({
    keys: [{ id: "one", secret: "[hidden]" }],
    auth: { tokens: [{ id: "ana", token: "[hidden]" }] },
    upstreams: {
      a: {
        url: ["https://a.example/mcp?[hidden]", "http://b.example/mcp"],
        headers: { set: { authorization: "[hidden]" } },
      },
      "b-c_d": { command: ["run"], env: { TOKEN: "[hidden]" } },
    },
  });
  expect(config.keys?.[0]?.secret).toBe(secret);
});

it("hides the secret and the store of sign-ins", () => {
  const { config } = parseConfig({
    auth: {
      ...{ issuer: "https://login.example", resource: "https://gateway.example/mcp" },
      signIn: {
        ...{ clientId: "gateway", clientSecret: "SECRET" },
        store: "postgres://user:SECRET@db/gateway",
      },
    },
    keys: [{ id: "one", secret }],
    upstreams: { a: { url: "https://a.example/mcp" } },
  });
  const shown = hideSecrets(config);
  expect(JSON.stringify(shown)).not.toContain("SECRET");
  expect(shown).toMatchObject({
    auth: { signIn: { clientSecret: "[hidden]", store: "postgres://[hidden]@db/gateway" } },
  });
});

it("hides the passwords of stores, even with unescaped characters", () => {
  const { config } = parseConfig({
    shared: { redis: "rediss://user:SEC@RET@h:6379?prefix=a" },
    upstreams: {
      a: { module: "a.ts", store: "postgres://u:S/ECRET@db/lutra", bus: "redis://:SECRET@cache" },
      b: { module: "b.ts", store: "sqlite:./state.db" },
    },
    eras: { store: "postgres://u:S/ECRET@db/lutra" },
  });
  expect(hideSecrets(config)).toMatchObject({
    shared: { redis: "rediss://[hidden]@h:6379?[hidden]" },
    upstreams: {
      a: { store: "postgres://[hidden]@db/lutra", bus: "redis://[hidden]@cache" },
      b: { store: "sqlite:./state.db" },
    },
    eras: { store: "postgres://[hidden]@db/lutra" },
  });
});

it("shows values from the environment as written in the file", () => {
  const text = `name: "$\{WHO}"\nupstreams: { a: { url: "https://$\{HOST}/mcp?p=$\{P}" } }\n`;
  const document = readDocument("c.yaml", text, { WHO: "SECRET", HOST: "SECRET", P: "SECRET" });
  const { config, environment } = parseConfig(document.value, "c.yaml", document);
  const shown = hideSecrets(config, environment);
  expect(JSON.stringify(shown).toLowerCase()).not.toContain("secret");
  expect(shown).toMatchObject({
    name: `$\{WHO}`,
    upstreams: { a: { url: `https://$\{HOST}/mcp?[hidden]` } },
  });
});
