/** Where a gateway listens, for clients and for operators. */
import { z } from "zod";
import { parseAddressRange } from "./address-range.ts";
import { count } from "./schema-values.ts";

const addressRange = z
  .string()
  .refine(
    (text) => parseAddressRange(text) !== undefined,
    "expected an address, or a range such as 10.0.0.0/8",
  );

export const listen = z
  .strictObject({
    host: z.string().default("127.0.0.1").describe("The address to bind"),
    port: z.int().min(0).max(65_535).default(3000).describe("The port; 0 picks a free one"),
    path: z.string().startsWith("/").default("/mcp").describe("Where the MCP endpoint is"),
    allowedHosts: z
      .array(z.string())
      .optional()
      .describe(
        "Values of Host that are answered. By default any, but only loopback names on connections that arrive at a loopback address",
      ),
    allowedOrigins: z
      .array(z.string())
      .default([])
      .describe("Origins of web pages that may call, beside loopback ones"),
    trustedProxies: z
      .array(addressRange)
      .default([])
      .describe(
        "Addresses and ranges, such as 10.0.0.0/8, of proxies in front. What they say in X-Forwarded-For, -Proto and -Host is believed and passed on; what anybody else says there is replaced",
      ),
    maxBodyBytes: count("The largest body that is read where one must be read").default(4_194_304),
  })
  .describe("Where clients connect");

export const admin = z
  .union([
    z.literal(false),
    z.strictObject({
      host: z.string().default("127.0.0.1").describe("The address to bind"),
      port: z.int().min(0).max(65_535).default(9464).describe("The port; 0 picks a free one"),
    }),
  ])
  .describe("The listener for health, metrics and state; false for none");
