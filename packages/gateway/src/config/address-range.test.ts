import { expect, it } from "vitest";
import { parseAddressRange } from "./address-range.ts";

it.each([
  ["10.0.0.0/8", { address: "10.0.0.0", family: "ipv4", prefix: 8 }],
  ["192.0.2.1", { address: "192.0.2.1", family: "ipv4", prefix: 32 }],
  ["0.0.0.0/0", { address: "0.0.0.0", family: "ipv4", prefix: 0 }],
  ["fd00::/8", { address: "fd00::", family: "ipv6", prefix: 8 }],
  ["::1", { address: "::1", family: "ipv6", prefix: 128 }],
])("parses %s", (text, expected) => {
  expect(parseAddressRange(text)).toEqual(expected);
});

it.each(["", "10.0.0/8", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/+8"])(
  "rejects %j",
  (text) => {
    expect(parseAddressRange(text)).toBeUndefined();
  },
);

it.each(["fe80::1%eth0", "proxy.example", "10.0.0.0/255.0.0.0"])(
  "rejects %j, which is not a numeric address or prefix",
  (text) => {
    expect(parseAddressRange(text)).toBeUndefined();
  },
);
