import { expect, it } from "vitest";
import { maskedText, RecordedMessages } from "./recorded-messages.ts";

const call = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "search",
    arguments: { query: "salaries", limit: 10, apiKey: "k-123", nested: { password: "p" } },
    _meta: { progressToken: 7, "io.modelcontextprotocol/protocolVersion": "2026-07-28" },
  },
};
const result = {
  resultType: "complete",
  content: [{ type: "text", text: "Alice earns 7" }],
  structuredContent: { name: "Alice", sum: 7 },
  isError: false,
};

it("replaces arguments and results by their types and sizes in the mode `masked`", () => {
  const request = JSON.parse(maskedText(call, "masked"));
  expect(request.params).toEqual({
    name: "search",
    arguments: {
      query: "••• 8 characters",
      limit: "••• number",
      apiKey: "•••",
      nested: { password: "•••" },
    },
    _meta: { progressToken: 7, "io.modelcontextprotocol/protocolVersion": "2026-07-28" },
  });
  expect(request.method).toBe("tools/call");
  expect(JSON.parse(maskedText(result, "masked"))).toEqual({
    resultType: "complete",
    content: [{ type: "text", text: "••• 13 characters" }],
    structuredContent: { name: "••• 5 characters", sum: "••• number" },
    isError: false,
  });
});

it("masks only secrets in the mode `all`", () => {
  const { params } = JSON.parse(maskedText(call, "all"));
  expect(params.arguments).toEqual({
    query: "salaries",
    limit: 10,
    apiKey: "•••",
    nested: { password: "•••" },
  });
  expect(JSON.parse(maskedText(result, "all"))).toEqual(result);
});

it.each(["token", "accessToken", "Authorization", "client_secret", "passphrase", "session-id"])(
  "masks the member %s, also if it is an object",
  (name) => {
    const message = { params: { arguments: { [name]: { value: "hidden" } } } };
    expect(maskedText(message, "all")).not.toContain("hidden");
  },
);

it("bounds long texts, binary data, lists and depth", () => {
  let deep: unknown = "end";
  for (let level = 0; level < 50; level += 1) deep = { deep };
  const message = {
    text: "x".repeat(5000),
    data: "A".repeat(100_000),
    list: Array.from({ length: 500 }, (_none, at) => at),
    deep,
  };
  const text = maskedText(message, "all");
  expect(text.length).toBeLessThan(16_385);
  const shown = JSON.parse(text);
  expect(shown.data).toBe("… 100000 characters of Base64");
  expect(shown.list).toHaveLength(101);
  expect(text).not.toContain("end");
  const wide = Object.fromEntries(Array.from({ length: 90 }, (_none, at) => [at, "y".repeat(999)]));
  expect(maskedText(wide, "all").length).toBe(16_385);
});

it("keeps the request and the last messages of an exchange", () => {
  const messages = new RecordedMessages(performance.now(), "all");
  messages.add("request", call);
  for (let at = 0; at < 100; at += 1) messages.add("notification", { at });
  messages.add("result", result);
  const list = messages.list();
  expect(list).toHaveLength(32);
  expect(list[0]?.kind).toBe("request");
  expect(JSON.parse(list[1]?.text ?? "")).toEqual({ at: 70 });
  expect(list.at(-1)?.kind).toBe("result");
});
