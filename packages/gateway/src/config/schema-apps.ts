/** The schema of the policy about the apps of an upstream. */
import { isDomain } from "lutra/apps";
import { z } from "zod";

const domain = z.string().refine(isDomain, {
  error: "expected an origin such as https://api.example.com or https://*.example.com",
});

export const apps = z
  .strictObject({
    allow: z
      .boolean()
      .default(true)
      .describe(
        "False to drop apps: tools have no pages, tools that only apps may call are hidden, and ui:// resources are unknown",
      ),
    domains: z
      .array(domain)
      .optional()
      .describe(
        "The origins that pages may use. Others are removed from what a page declares. Default: all that it declares",
      ),
    permissions: z
      .array(z.enum(["camera", "microphone", "geolocation", "clipboardWrite"]))
      .optional()
      .describe(
        "The features of the browser that pages may ask for. Others are removed. Default: all that a page declares",
      ),
    domain: z
      .union([z.literal(false), z.string().min(1)])
      .optional()
      .describe(
        "The separate origin that pages request from the host, in place of the declared one, which may depend on the URL of the server; false removes it. Default: the declared one",
      ),
  })
  .describe("The policy about apps: pages that show results of tools. Default: apps are unchanged");
