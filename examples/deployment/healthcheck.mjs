/** Exits with 0 if a URL answers with a status below 400: `node healthcheck.mjs <url>`. */
const { ok } = await fetch(process.argv[2], { signal: AbortSignal.timeout(3000) });
process.exitCode = ok ? 0 : 1;
