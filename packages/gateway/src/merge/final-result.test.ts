import fc from "fast-check";
import { expect, it } from "vitest";
import { isFinalResult } from "./final-result.ts";
import { showUris } from "./result-uris.ts";

const response = (result: string, id = "1") => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;

it.each([
  ["a complete result", response('{"resultType":"complete","content":[]}')],
  ["a complete result with white space", response('{ "resultType" : "complete" }')],
  ["a result that denies an error", response('{"content":[],"isError":false}')],
  ["a result without a type", response('{"content":[{"type":"text","text":"the uri"}]}')],
  ["a response in another order", '{"result":{},"id":1,"jsonrpc":"2.0"}'],
])("passes %s", (_what, text) => {
  expect(isFinalResult(text, "1")).toBe(true);
});

it.each([
  ["an error", '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}'],
  ["a result with an error", '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}'],
  ["a result with another id", response("{}", "2")],
  ["the error of a tool", response('{"content":[],"isError" : true}')],
  ["a result that asks for input", response('{"resultType":"input_required"}')],
  ["a second type", response('{"resultType":"complete","resultType":"task"}')],
  ["a link", response('{"content":[{"type":"resource_link","uri":"x:y"}]}')],
  ["the page of an app", response('{"_meta":{"ui":{"resourceUri":"ui://a"}}}')],
  ["the page of an app in the flat form", response('{"_meta":{"ui/resourceUri":"ui://a"}}')],
  ["a name that is hidden by escapes", response('{"content":[{"\\u0075ri":"x:y"}]}')],
  ["a result that is an array", response("[]")],
  ["a truncated text", response("{}").slice(0, -1)],
  ["a notification", '{"jsonrpc":"2.0","method":"notifications/progress"}'],
])("does not pass %s", (_what, text) => {
  expect(isFinalResult(text, "1")).toBe(false);
});

it("passes no result that the merge would change", () => {
  const members = fc.constantFrom("uri", "resourceUri", "ui", "ui/resourceUri", "resource", "text");
  const { item } = fc.letrec((tie) => ({
    item: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.dictionary(fc.oneof(members, fc.constantFrom("_meta", "content")), tie("item")),
      fc.array(tie("item")),
    ),
  }));
  const holders = fc.constantFrom("content", "contents", "messages", "result", "_meta", "other");
  fc.assert(
    fc.property(fc.dictionary(holders, item), (result) => {
      const shown = showUris(result, (uri) => `${uri}!`);
      if (isFinalResult(response(JSON.stringify(result)), "1")) expect(shown).toBe(result);
    }),
    { numRuns: 500 },
  );
});
