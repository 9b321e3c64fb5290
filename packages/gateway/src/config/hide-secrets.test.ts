import { expect, it } from "vitest";
import { hideSecrets } from "./hide-secrets.ts";
import { parseConfig } from "./parse-config.ts";
import { readDocument } from "./read-document.ts";

it("hides keys, header and environment values, and credentials in URLs", () => {
  const { config } = parseConfig({
    keys: [{ id: "one", secret: "SECRET" }],
    auth: { tokens: [{ id: "ana", token: "SECRET-SECRET-SECRET" }] },
    upstreams: {
      a: {
        url: ["https://user:SECRET@a.example/mcp?key=SECRET#x", "http://b.example/mcp"],
        headers: { authorization: "Bearer SECRET", "x.y": "SECRET" },
      },
      "b-c_d": { command: ["run"], env: { TOKEN: "SECRET", "odd name": "SECRET" } },
    },
  });
  const shown = hideSecrets(config);
  expect(JSON.stringify(shown)).not.toContain("SECRET");
  expect(shown).toMatchObject({
    keys: [{ id: "one", secret: "[hidden]" }],
    auth: { tokens: [{ id: "ana", token: "[hidden]" }] },
    upstreams: {
      a: {
        url: ["https://[hidden]@a.example/mcp?[hidden]#x", "http://b.example/mcp"],
        headers: { authorization: "[hidden]" },
      },
      "b-c_d": { command: ["run"], env: { TOKEN: "[hidden]" } },
    },
  });
  expect(config.keys?.[0]?.secret).toBe("SECRET");
});

it("hides the passwords of stores, even with unescaped characters", () => {
  const { config } = parseConfig({
    upstreams: {
      a: { module: "a.ts", store: "postgres://u:S/ECRET@db/lutra", bus: "redis://:SECRET@cache" },
      b: { module: "b.ts", store: "sqlite:./state.db" },
    },
  });
  expect(hideSecrets(config)).toMatchObject({
    upstreams: {
      a: { store: "postgres://[hidden]@db/lutra", bus: "redis://[hidden]@cache" },
      b: { store: "sqlite:./state.db" },
    },
  });
});

it("shows values from the environment as written in the file", () => {
  const text = `name: "$\{WHO}"\nupstreams: { a: { url: "https://u:$\{P}@$\{HOST}/mcp" } }\n`;
  const document = readDocument("c.yaml", text, { WHO: "SECRET", HOST: "SECRET", P: "SECRET" });
  const { config, environment } = parseConfig(document.value, "c.yaml", document);
  const shown = hideSecrets(config, environment);
  expect(JSON.stringify(shown).toLowerCase()).not.toContain("secret");
  expect(shown).toMatchObject({
    name: `$\{WHO}`,
    upstreams: { a: { url: `https://[hidden]@$\{HOST}/mcp` } },
  });
});
