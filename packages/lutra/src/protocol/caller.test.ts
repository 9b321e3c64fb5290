import { describe, expect, it } from "vitest";
import { callerOf, networkOf } from "./caller.ts";

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["1:2::3:4:5:6.7.8.9", "1:2:0:3::/64"],
  ["", ""],
])("the network of the address %s is %s", (address, expected) => {
  expect(networkOf(address)).toBe(expected);
});

describe("the caller of a request", () => {
  it.each([
    ["is the principal", { principal: { id: "ada" }, address: "192.0.2.1" }, "principal ada"],
    ["is the network of its address", { address: "192.0.2.1" }, "address 192.0.2.1"],
    ["is anonymous", {}, "address "],
    ["is shortened", { address: "x".repeat(1000) }, `address ${"x".repeat(64)}`],
  ])("%s", (_what, context, expected) => {
    expect(callerOf(context)).toBe(expected);
  });

  it("differs for a principal that is named like an address", () => {
    expect(callerOf({ principal: { id: "192.0.2.1" } })).not.toBe(
      callerOf({ address: "192.0.2.1" }),
    );
  });
});
