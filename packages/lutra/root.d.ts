/**
 * The package has no root entry point. Import from its subpaths, such as `lutra/server`
 * (`createServer`, `defineTool`), `lutra/client` (`createClient`), `lutra/node` (`serveHttp`,
 * `serveStdio`) or `lutra/http` (`createFetchHandler`).
 */
export {};
