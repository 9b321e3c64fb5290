import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import { createRecord, type ExchangeRecord } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { Subject } from "../subjects/subject.ts";
import { createLogFields, createLogFilter } from "./log-filter.ts";

function logOf(log: object) {
  const { config } = parseConfig({ upstreams: { a: { url: "http://a/mcp" } }, log });
  if (config.log === false) throw new TypeError("expected a log");
  return config.log;
}

const recordOf = (changes: Partial<ExchangeRecord> = {}, ...headers: string[]): ExchangeRecord => ({
  ...createRecord(),
  head: headOf(...modern("tools/call", "places.search", ...headers)),
  upstream: "places",
  ms: 20,
  ...changes,
});

describe("the filter of the access log", () => {
  it.each([
    ["everything by default", {}, {}, 200, true],
    ["a status", { only: [{ status: "5*" }] }, {}, 502, true],
    ["no other status", { only: [{ status: ["4*", "5*"] }] }, {}, 200, false],
    ["the own name of an entry", { only: [{ name: "search" }] }, {}, 200, true],
    ["slow requests", { only: [{ slowerThanMs: 10 }] }, {}, 200, true],
    ["no fast ones", { only: [{ slowerThanMs: 30 }] }, {}, 200, false],
    ["all conditions of an entry", { only: [{ status: "2*", upstream: "x" }] }, {}, 200, false],
    ["any of several entries", { only: [{ status: "5*" }, { upstream: "pl*" }] }, {}, 200, true],
    ["a caller", { only: [{ principal: "ada" }] }, { principal: "ada" }, 200, true],
    ["an endpoint", { only: [{ endpoint: "in*" }] }, { endpoint: "internal" }, 200, true],
    ["no other endpoint", { only: [{ endpoint: "in*" }] }, { endpoint: "public" }, 200, false],
    ["not the endpoint without a name", { only: [{ endpoint: "*" }] }, {}, 200, false],
    ["no request without the field", { only: [{ reason: "*" }] }, {}, 200, false],
  ] as const)("passes %s", (_what, log, changes, status, isLogged) => {
    const subject = new Subject("places", "tool", "search");
    const record = recordOf({ subject, ...changes });
    expect(createLogFilter(logOf(log))({ record, status })).toBe(isLogged);
  });
});

describe("the configured fields of the access log", () => {
  it("contain headers as JSON members, cut off, without absent ones", () => {
    const read = createLogFields(logOf({ fields: { tenant: "X-Tenant", agent: "user-agent" } }));
    const record = recordOf({}, "x-tenant", `a"b\\${"x".repeat(300)}`);
    const members = JSON.parse(`{"first":1${read(record)}}`);
    expect(members).toEqual({ first: 1, tenant: `a"b\\${"x".repeat(252)}` });
  });

  it.each([
    [{ tenant: "authorization" }, "log.fields.tenant: expected a header without credentials"],
    [{ status: "x-a" }, "log.fields.status: expected a name that no other field has"],
    [{ "a b": "x-a" }, 'log.fields["a b"]: expected 1 to 32 letters, digits or _'],
  ])("%o is refused", (fields, message) => {
    expect(() => logOf({ fields })).toThrow(message);
  });
});
