import fc from "fast-check";
import { expect, it } from "vitest";
import { readCall } from "./read-call.ts";

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const method = "tools/call";

function read(text: string, name: string) {
  return readCall(Buffer.from(text), { method, name });
}

/** Returns the JSON text of a string with each character as an escape. */
function escaped(text: string): string {
  const hex = (index: number) => text.charCodeAt(index).toString(16).padStart(4, "0");
  return `"${Array.from(text, () => "")
    .map((_, index) => `\\u${hex(index)}`)
    .join("")}"`;
}

const names = fc.oneof(fc.string({ unit: "binary", minLength: 1 }), fc.constant("name"));

it("replaces the name of any call, and nothing else", () => {
  fc.assert(
    fc.property(
      names,
      names,
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.shuffledSubarray(["name", "arguments", "_meta", "other"], { minLength: 4 }),
      fc.nat(2),
      (name, other, args, order, space) => {
        const values = { name, arguments: { name, params: { name }, ...args }, _meta, other: name };
        const params = Object.fromEntries(
          order.map((member) => [member, values[member as keyof typeof values]]),
        );
        const message = { name, params, method, id: 7, jsonrpc: "2.0" };
        const text = JSON.stringify(message, undefined, space);
        const renamed = read(text, name)?.renamed(other).toString();
        const expected = { ...message, params: { ...params, name: other } };
        expect(renamed).toBe(JSON.stringify(expected, undefined, space));
      },
    ),
  );
});

it("replaces a name that is written with escapes", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (name, other) => {
      const rest = `"_meta":${JSON.stringify(_meta)}`;
      const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${escaped(name)},${rest}}}`;
      const renamed = JSON.parse(read(text, name)?.renamed(other).toString() ?? "");
      expect(renamed.params).toEqual({ name: other, _meta });
    }),
  );
});

const before = '{"jsonrpc":"2.0","id":"x","method":"tools/call"';
const meta = `"_meta":${JSON.stringify(_meta)}`;
const named = `"method":"tools/call","params":{"name":"a",${meta}}`;

it("replaces the name in a body of several megabytes", () => {
  const text = '\u{1f980}\\"}'.repeat(500_000);
  const message = {
    jsonrpc: "2.0",
    id: 1,
    method,
    params: { arguments: { text }, name: "a", _meta },
  };
  const renamed = read(JSON.stringify(message), "a")?.renamed("b").toString() ?? "";
  expect(JSON.parse(renamed)).toEqual({ ...message, params: { ...message.params, name: "b" } });
});

it("reads the id as it was written, and the protocol fields", () => {
  const found = read(`${before},"params":{"name":"a",${meta}}}`, "a");
  expect(found).toMatchObject({ id: '"x"', meta: { version: "2026-07-28" } });
});

it.each([
  ["differs from its head in the name", `${before},"params":{"name":"b",${meta}}}`],
  ["has another method", `{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a",${meta}}}`],
  ["has no id", `{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a",${meta}}}`],
  ["has null as its id", `{"jsonrpc":"2.0","id":null,${named}}`],
  ["has a fraction as its id", `{"jsonrpc":"2.0","id":1.5,${named}}`],
  ["has an id that is not JSON", `{"jsonrpc":"2.0","id":x,${named}}`],
  ["has no version of JSON-RPC", `{"id":1,"method":"tools/call","params":{"name":"a",${meta}}}`],
  ["has no protocol fields", `${before},"params":{"name":"a"}}`],
  ["has wrong protocol fields", `${before},"params":{"name":"a","_meta":{}}}`],
  ["carries request state", `${before},"params":{"name":"a","requestState":"s",${meta}}}`],
  ["has a list as its name", `${before},"params":{"name":["a"],${meta}}}`],
  ["has a list of parameters", `${before},"params":["a"]}`],
  ["repeats its name", `${before},"params":{"name":"z","name":"a",${meta}}}`],
  ["repeats its parameters", `${before},"params":{"name":"z"},"params":{"name":"a",${meta}}}`],
  ["repeats its method", `${before},"method":"x","params":{"name":"a",${meta}}}`],
  ["is a batch", `[${before},"params":{"name":"a",${meta}}}]`],
  ["does not end", `${before},"params":{"name":"a",${meta}}`],
  ["has a second value behind it", `${before},"params":{"name":"a",${meta}}} 1`],
])("leaves a request to the parser that %s", (_what, text) => {
  expect(read(text, "a")).toBeUndefined();
});

it("leaves a request to the parser that is not UTF-8", () => {
  const text = `${before},"params":{"name":"a","x":"\xff",${meta}}}`;
  expect(readCall(Buffer.from(text, "latin1"), { method, name: "a" })).toBeUndefined();
});
