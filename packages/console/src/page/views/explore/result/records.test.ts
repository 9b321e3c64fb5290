/** The lists that are shown as tables. */
import { describe, expect, it } from "vitest";
import { recordsIn } from "./records.ts";

describe("the lists of records in a value", () => {
  it.each([
    [[{ a: 1 }, { b: 2 }], [{ name: "", records: [{ a: 1 }, { b: 2 }] }]],
    [{ total: 1, places: [{ id: 1 }] }, [{ name: "places", records: [{ id: 1 }] }]],
    [[], []],
    [[1, 2], []],
    [[{ a: 1 }, 2], []],
    [{ a: { b: [] } }, []],
    ["text", []],
    [null, []],
  ])("%j has %j", (value, records) => {
    expect(recordsIn(value)).toEqual(records);
  });

  it("leaves out records with too many members", () => {
    const record = Object.fromEntries(
      Array.from({ length: 13 }, (_, index) => [`m${index}`, index]),
    );
    expect(recordsIn([record])).toEqual([]);
  });
});
