import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import { configMessage, parsedMessage, supervisorKeys } from "./config-message.ts";
import { processNotes, requireShareable } from "./several.ts";

const part = { processes: 4, keys: supervisorKeys() };
const upstreams = { only: { url: "http://127.0.0.1:1/mcp" } };

describe("the configuration of one of several processes", () => {
  it("has its part of the maxima, at least 1, and no listener for operators", () => {
    const parsed = parseConfig({
      listen: { maxConnections: 10 },
      cache: { maxBytes: 1000 },
      upstreams: { only: { ...upstreams.only, concurrency: { max: 2, queue: 0 } } },
    });
    expect(configMessage(parsed, part).config).toMatchObject({
      admin: false,
      listen: { maxConnections: 3 },
      cache: { maxBytes: 250 },
      upstreams: { only: { concurrency: { max: 1, queue: 0 } } },
    });
  });

  it("has the keys of the supervisor, unless it is configured with others", () => {
    expect(configMessage(parseConfig({ upstreams }), part).config.keys).toEqual(part.keys);
    const keys = [{ id: "k", secret: Buffer.alloc(32, 7).toString("base64") }];
    expect(configMessage(parseConfig({ upstreams, keys }), part).config.keys).toEqual(keys);
  });

  it("is complete after structured cloning", async () => {
    const message = configMessage(parseConfig({ upstreams }), part);
    const parsed = await parsedMessage(structuredClone(message), undefined);
    expect(parsed.config).toEqual(message.config);
  });
});

describe("a configuration for several processes", () => {
  it("is refused with tokens of users in the memory of a process", () => {
    const { config } = parseConfig({
      upstreams,
      auth: {
        issuer: "https://issuer.example.com",
        resource: "https://gateway.example.com/mcp",
        signIn: { clientId: "gateway", store: "memory:" },
      },
    });
    expect(() => requireShareable(config, "gateway.yaml")).toThrow(
      "gateway.yaml: auth.signIn.store: memory: can't be shared by several processes",
    );
  });

  it.each([
    ["cache: each of 2 processes has its own responses, in its part of maxBytes", {}],
    [
      "limits: the supervisor counts for all processes",
      { limits: [{ per: ["address"], concurrency: 1 }] },
    ],
    [
      "limits: Redis counts for all processes",
      { limits: [{ per: ["address"], concurrency: 1 }], shared: { redis: "redis://h" } },
    ],
  ])("is described: %s", (note, more) => {
    const { config } = parseConfig({ upstreams, ...more });
    expect(processNotes(config, 2)).toContain(note);
  });
});
