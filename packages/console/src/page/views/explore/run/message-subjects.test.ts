import { describe, expect, it } from "vitest";
import type { WireMessage } from "../../../../server/explore/wire-message.ts";
import { subjectsOf } from "./message-subjects.ts";

let last = 0;
function message(value: object | string, more: Partial<WireMessage> = {}): WireMessage {
  last += 1;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { id: last, at: 0, direction: "sent", text, ...more };
}

const call = (id: number, name: string) =>
  message({ id, method: "tools/call", params: { name, arguments: {} } });
const result = (id: number) => message({ id, result: {} }, { direction: "received" });

describe("the lines of messages", () => {
  it("name a request with its entry, and a response after its request", () => {
    const messages = [
      call(1, "search"),
      call(2, "book"),
      message({ id: 2, error: { code: -1 } }),
      result(1),
      message({ id: 3, method: "resources/read", params: { uri: "a://b" } }),
      result(9),
    ];
    expect([...subjectsOf([...messages].reverse()).values()]).toEqual([
      "tools/call search #1",
      "tools/call book #2",
      "error of tools/call book #2",
      "result of tools/call search #1",
      "resources/read a://b #3",
      "result of #9",
    ]);
  });

  it("name a response after the last request with its id", () => {
    const messages = [call(1, "old"), result(1), call(1, "new"), result(1)];
    expect([...subjectsOf(messages).values()].filter((line) => line.startsWith("result"))).toEqual([
      "result of tools/call old #1",
      "result of tools/call new #1",
    ]);
  });

  it("name a response whose rest was not kept", () => {
    const request = call(4, "big");
    const cut = message('{"jsonrpc":"2.0","id":4,"result":{"con', { isCut: true });
    expect(subjectsOf([request, cut]).get(cut)).toBe("result of tools/call big #4");
  });

  it("name a request that is not JSON by its address", () => {
    const http = { method: "GET", url: "http://a/b", headers: [] };
    const lines = subjectsOf([message("", { http }), message("[1]")]);
    expect([...lines.values()]).toEqual(["GET http://a/b", "response without a message"]);
  });
});
