import { CspEvaluator } from "csp_evaluator/dist/evaluator.js";
import { Severity } from "csp_evaluator/dist/finding.js";
import { CspParser } from "csp_evaluator/dist/parser.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppCSP } from "../protocol/resource-meta.ts";
import { approveDomains, buildConnectionAllowlist, buildPolicy } from "./policy.ts";

const host = "https://chat.example.com";

/** Returns the sources of each directive. */
function directivesOf(policy: string): { readonly [directive: string]: string } {
  return Object.fromEntries(
    policy.split("; ").map((text) => {
      const [name, ...sources] = text.split(" ");
      return [name, sources.join(" ")];
    }),
  );
}

const policyOf = (csp?: AppCSP) => directivesOf(buildPolicy(approveDomains(csp).csp, { host }));

const declared: AppCSP = {
  connectDomains: ["https://api.example.com", "wss://live.example.com:8443"],
  resourceDomains: ["https://*.cdn.example.com", "https://files.example.com/public/"],
  frameDomains: ["https://video.example.com"],
  baseUriDomains: ["https://cdn.example.com"],
};

describe("a policy", () => {
  it("allows nothing but inline code and data without declared domains", () => {
    expect(policyOf()).toEqual({
      "default-src": "'none'",
      "script-src": "'unsafe-inline'",
      "style-src": "'unsafe-inline'",
      "img-src": "data:",
      "media-src": "data:",
      "font-src": "'none'",
      "worker-src": "'none'",
      "connect-src": "'none'",
      "frame-src": "'none'",
      "base-uri": "'none'",
      "object-src": "'none'",
      "form-action": "'none'",
      "frame-ancestors": host,
    });
  });

  it("allows each list of domains where it belongs", () => {
    const resources = "https://*.cdn.example.com https://files.example.com/public/";
    expect(policyOf(declared)).toMatchObject({
      "script-src": `'unsafe-inline' ${resources}`,
      "style-src": `'unsafe-inline' ${resources}`,
      "img-src": `data: blob: ${resources}`,
      "media-src": `data: blob: ${resources}`,
      "font-src": `data: ${resources}`,
      "connect-src": "https://api.example.com wss://live.example.com:8443",
      "frame-src": "https://video.example.com",
      "base-uri": "https://cdn.example.com",
      "form-action": "'none'",
    });
  });

  it("allows code from text only on demand", () => {
    const scripts = (allowEval: boolean) =>
      directivesOf(buildPolicy(undefined, { host, allowEval }))["script-src"];
    expect(scripts(false)).toBe("'unsafe-inline'");
    expect(scripts(true)).toBe("'unsafe-inline' 'unsafe-eval'");
  });

  it.each([
    "https://a.example; frame-src *",
    "https://a.example, default-src *",
    "https://a.example b",
    "https://a.example\nx",
    "https://a.example'",
    "'unsafe-eval'",
    "'self'",
    "*",
    "https:",
    "https://*",
    "https://*.com",
    "https://*.com:443",
    "https://*.com/path",
    "https://a.*.example.com",
    "data:",
    "blob:",
    "javascript:alert(1)",
    "ftp://a.example",
    "a.example",
    "//a.example",
    "https://user@a.example",
    "",
  ])("does not contain %j", (domain) => {
    const csp = { connectDomains: [domain], resourceDomains: [domain] };
    const { csp: approved, refused } = approveDomains(csp);
    expect(approved).toEqual({});
    expect(refused).toEqual([`connectDomains: ${domain}`, `resourceDomains: ${domain}`]);
    expect(() => buildPolicy(csp, { host })).toThrow(
      "expected domains that approveDomains returned",
    );
  });

  it("contains WebSocket domains only for connections", () => {
    const { csp, refused } = approveDomains({
      connectDomains: ["wss://live.example.com"],
      resourceDomains: ["wss://live.example.com"],
    });
    expect(csp).toEqual({ connectDomains: ["wss://live.example.com"] });
    expect(refused).toEqual(["resourceDomains: wss://live.example.com"]);
  });

  it("contains only domains that the host allows", () => {
    const { csp, refused } = approveDomains(declared, (domain) => domain.includes("cdn"));
    expect(csp).toEqual({
      resourceDomains: ["https://*.cdn.example.com"],
      baseUriDomains: ["https://cdn.example.com"],
    });
    expect(refused).toHaveLength(4);
  });

  it("contains at most 32 domains of a list, and 4096 characters in all", () => {
    const many = Array.from({ length: 40 }, (_, index) => `https://h${index}.example.com`);
    expect(approveDomains({ connectDomains: many }).csp?.connectDomains).toHaveLength(32);
    const long = Array.from(
      { length: 20 },
      (_, index) => `https://a.example/${index}${"x".repeat(300)}`,
    );
    expect(approveDomains({ connectDomains: long }).csp?.connectDomains).toHaveLength(12);
  });

  it.each(["https://a.example/", "https://a.example; x", "a.example", "null", "file://x"])(
    "is not built for the host %j",
    (wrong) => {
      expect(() => buildPolicy(undefined, { host: wrong })).toThrow("host: expected an origin");
    },
  );

  it("keeps its directives for any declared text", () => {
    const names = Object.keys(policyOf()).sort();
    const domain = fc.oneof(
      fc.string(),
      fc.string().map((text) => `https://${text}`),
      fc.string().map((text) => `https://a.example/${text}`),
    );
    fc.assert(
      fc.property(fc.array(domain), (domains) => {
        const csp = { connectDomains: domains, resourceDomains: domains, frameDomains: domains };
        const policy = policyOf({ ...csp, baseUriDomains: domains });
        expect(Object.keys(policy).sort()).toEqual(names);
        expect(Object.values(policy).join(" ")).not.toMatch(/[^ -~]|[,;]| \*(?: |$)/);
      }),
    );
  });
});

describe("csp_evaluator", () => {
  const policies: { readonly [name: string]: string } = {
    "without domains": buildPolicy(undefined, { host }),
    "with empty lists": buildPolicy({}, { host }),
    "with domains": buildPolicy(declared, { host }),
    "with eval": buildPolicy(undefined, { host, allowEval: true }),
  };

  it.each(Object.entries(policies))("finds only what views need in a policy %s", (_, policy) => {
    const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
    const serious = findings
      .filter(({ severity }) => severity <= Severity.MEDIUM)
      .map(({ directive, value }) => `${directive} ${value}`);
    // The pages of apps are one file, and the specification allows their scripts.
    const needed = ["script-src 'unsafe-inline'", "script-src 'unsafe-eval'"];
    expect(serious).toContain(needed[0]);
    expect(serious.filter((finding) => !needed.includes(finding))).toEqual([]);
  });
});

describe("a connection allowlist", () => {
  it("is empty without declared domains", () => {
    expect(buildConnectionAllowlist(undefined)).toBe("(); redirects=allow");
  });

  it("has the hosts of all lists, without paths and with http for WebSocket", () => {
    expect(buildConnectionAllowlist(declared)).toBe(
      '("https://api.example.com" "https://live.example.com:8443" "https://*.cdn.example.com" "https://files.example.com" "https://video.example.com"); redirects=allow',
    );
  });
});
