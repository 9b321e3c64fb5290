import { describe, expect, it } from "vitest";
import { isAddress, isLoopbackHost, isPermittedAddress } from "./public-address.ts";

const hostOf = (url: string) => new URL(url).hostname;

describe("an address of a peer", () => {
  it.each([
    ["private", "10.0.0.1"],
    ["private", "172.16.0.1"],
    ["private", "192.168.1.1"],
    ["link-local, as for cloud metadata", "169.254.169.254"],
    ["loopback", "127.0.0.1"],
    ["loopback", "::1"],
    ["unspecified", "0.0.0.0"],
    ["unspecified", "::"],
    ["carrier-grade NAT", "100.64.0.1"],
    ["benchmarking", "198.18.0.1"],
    ["documentation", "203.0.113.1"],
    ["multicast", "224.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unique local", "fd00::1"],
    ["link-local", "fe80::1"],
    ["mapped into IPv6", "::ffff:127.0.0.1"],
    ["mapped into IPv6", "::ffff:a9fe:a9fe"],
    ["behind NAT64", "64:ff9b::7f00:1"],
    ["behind 6to4", "2002:7f00:1::"],
    ["behind Teredo", "2001:0:7f00:1::"],
    ["compatible with IPv4", "::7f00:1"],
    ["not allocated, as in overlay networks", "200::1"],
    ["not allocated", "4000::1"],
    ["no address", "example.com"],
    ["no address", ""],
  ])("is refused when it is %s: %s", (_kind, address) => {
    expect(isPermittedAddress(address, { loopback: false })).toBe(false);
  });

  it.each(["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14"])(
    "is permitted when it is public: %s",
    (address) => {
      expect(isPermittedAddress(address, { loopback: false })).toBe(true);
    },
  );

  it.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])(
    "may be loopback by option: %s",
    (address) => {
      expect(isPermittedAddress(address, { loopback: true })).toBe(true);
      expect(isPermittedAddress("10.0.0.1", { loopback: true })).toBe(false);
    },
  );
});

describe("the host of a URL", () => {
  it.each([
    "http://127.0.0.1/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://as.localhost/",
  ])("is loopback in every spelling: %s", (url) => {
    expect(isLoopbackHost(hostOf(url))).toBe(true);
  });

  it.each(["http://localhost.example.com/", "http://93.184.215.14/", "http://notlocalhost/"])(
    "is not loopback: %s",
    (url) => {
      expect(isLoopbackHost(hostOf(url))).toBe(false);
    },
  );

  it("is an address or a name", () => {
    expect(isAddress(hostOf("https://[2606:4700::1111]/"))).toBe(true);
    expect(isAddress(hostOf("https://1.1.1.1/"))).toBe(true);
    expect(isAddress(hostOf("https://one.example.com/"))).toBe(false);
  });
});
