import type { ResponseCache } from "../../stores/response-cache.ts";
import type { ResponseCacheKey } from "../../stores/response-cache-key.ts";
import { type ContractCase, expectEqual, freshId } from "./contract-case.ts";

/**
 * Returns the contract of a `ResponseCache` as cases for any test runner. `open` resolves to two caches
 * over the same data, as two replicas have them. For a cache in memory, both are the same.
 */
export function responseCacheContract(
  open: () => Promise<readonly [ResponseCache, ResponseCache]>,
): readonly ContractCase[] {
  return cases.map(({ name, body }) => ({ name, run: async () => body(...(await open())) }));
}

interface ResponseCacheCase {
  readonly name: string;
  readonly body: (one: ResponseCache, other: ResponseCache) => Promise<void>;
}

const response = { result: { tools: [], text: "ö" }, receivedAt: 5 };

function freshKey(changes: Partial<ResponseCacheKey> = {}): ResponseCacheKey {
  const server = `http://${freshId()}/mcp`;
  return { server, method: "tools/list", params: "{}", partition: "public", ...changes };
}

const cases: readonly ResponseCacheCase[] = [
  {
    name: "returns a response and its time of arrival at every replica",
    body: async (one, other) => {
      const key = freshKey();
      expectEqual(await other.get(key), undefined, "the response before");
      await one.set(key, response);
      expectEqual(await other.get(key), response, "the response");
      await other.set(key, { ...response, receivedAt: 6 });
      expectEqual((await one.get(key))?.receivedAt, 6, "when the newer one was received");
    },
  },
  {
    name: "returns no response to a request that differs in one part of the key",
    body: async (one) => {
      const key = freshKey();
      await one.set(key, response);
      for (const difference of [
        { server: `${key.server}/` },
        { method: "prompts/list" },
        { params: '{"cursor":""}' },
        { partition: "private:1" },
      ]) {
        expectEqual(await one.get({ ...key, ...difference }), undefined, "the response");
      }
    },
  },
  {
    name: "deletes the responses to a method from all partitions",
    body: async (one, other) => {
      const key = freshKey();
      const [own, foreign] = [
        { ...key, partition: "private:1" },
        { ...key, method: "a" },
      ];
      for (const each of [key, own, foreign]) await one.set(each, response);
      await other.delete({ server: key.server, method: key.method });
      expectEqual(await one.get(key), undefined, "the public response");
      expectEqual(await one.get(own), undefined, "the private response");
      expectEqual(await one.get(foreign), response, "the response to another method");
    },
  },
  {
    name: "deletes the responses to a method with the same parameters",
    body: async (one, other) => {
      const key = freshKey();
      const read = { ...key, params: '{"uri":"a"}' };
      await one.set(key, response);
      await one.set(read, response);
      await other.delete({ server: key.server, method: key.method, params: read.params });
      expectEqual(await one.get(read), undefined, "the response");
      expectEqual(await one.get(key), response, "the response to other parameters");
    },
  },
];
