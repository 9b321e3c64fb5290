/** The schema of the two listeners: the endpoint for clients, and the one for operators. */
import { z } from "zod";
import { parseAddressRange } from "./address-range.ts";
import { count } from "./schema-values.ts";

const addressRange = z
  .string()
  .refine(
    (text) => parseAddressRange(text) !== undefined,
    "expected an IP address or a range such as 10.0.0.0/8",
  );

export const listen = z
  .strictObject({
    host: z.string().default("127.0.0.1").describe("The address to bind"),
    port: z.int().min(0).max(65_535).default(3000).describe("The port; 0 picks a free one"),
    path: z.string().startsWith("/").default("/mcp").describe("The path of the MCP endpoint"),
    allowedHosts: z
      .array(z.string())
      .optional()
      .describe(
        "Accepted values of the Host header. By default, connections to a loopback address accept only loopback names and other connections accept any name",
      ),
    allowedOrigins: z
      .array(z.string())
      .default([])
      .describe("Origins of web pages that may send requests, in addition to loopback origins"),
    trustedProxies: z
      .array(addressRange)
      .default([])
      .describe(
        "Addresses and ranges (such as 10.0.0.0/8) of proxies in front of the gateway. Their X-Forwarded-For, -Proto and -Host headers are trusted and forwarded; those of other senders are replaced",
      ),
    maxBodyBytes: count(
      "Maximum size in bytes of a request body that the gateway must parse",
    ).default(4_194_304),
  })
  .describe("The listener for clients");

export const admin = z
  .union([
    z.literal(false),
    z.strictObject({
      host: z.string().default("127.0.0.1").describe("The address to bind"),
      port: z.int().min(0).max(65_535).default(9464).describe("The port; 0 picks a free one"),
    }),
  ])
  .describe("The listener for health, metrics and state; false disables it");
