import { expect, it } from "vitest";
import type { ListedExchange } from "../../../server/traces-api.ts";
import { none, withExchanges } from "./exchange-list.ts";

const exchange = (id: number) => ({ id }) as ListedExchange;
const ids = ({ exchanges }: typeof none) => exchanges.map(({ id }) => id);

it("puts the newest exchange first, and keeps a number of them", () => {
  const first = withExchanges(none, [exchange(1), exchange(2)], 3);
  expect(ids(first)).toEqual([2, 1]);
  const second = withExchanges(first, [exchange(3), exchange(4)], 3);
  expect(ids(second)).toEqual([4, 3, 2]);
  expect(second.lastId).toBe(4);
});

it("ignores exchanges that a repeated stream sends again", () => {
  const first = withExchanges(none, [exchange(1), exchange(2)], 9);
  expect(ids(withExchanges(first, [exchange(1), exchange(2), exchange(3)], 9))).toEqual([3, 2, 1]);
  expect(withExchanges(first, [exchange(1)], 9).exchanges).toBe(first.exchanges);
});
