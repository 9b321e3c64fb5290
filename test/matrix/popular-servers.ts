/** Servers over stdio from npm that start without an account, and one harmless call of each. */
export interface PopularServer {
  readonly name: string;
  readonly version: string;
  /** The arguments of its command. */
  readonly args?: readonly string[];
  readonly tool: string;
  readonly input?: { readonly [name: string]: unknown };
}

const thought = { thought: "one", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 };

export const popularServers: readonly PopularServer[] = [
  {
    name: "@modelcontextprotocol/server-everything",
    version: "2026.8.31",
    tool: "echo",
    input: { message: "hello" },
  },
  {
    name: "@modelcontextprotocol/server-filesystem",
    version: "2026.8.31",
    args: ["."],
    tool: "list_allowed_directories",
  },
  { name: "@modelcontextprotocol/server-memory", version: "2026.8.31", tool: "read_graph" },
  {
    name: "@modelcontextprotocol/server-sequential-thinking",
    version: "2026.8.31",
    tool: "sequentialthinking",
    input: thought,
  },
  {
    name: "@upstash/context7-mcp",
    version: "4.1.1",
    tool: "resolve-library-id",
    input: { query: "react", libraryName: "react" },
  },
  {
    name: "mcp-mermaid",
    version: "0.4.1",
    tool: "generate_mermaid_diagram",
    input: { mermaid: "graph TD; A-->B", outputType: "mermaid" },
  },
  {
    name: "@antv/mcp-server-chart",
    version: "0.9.10",
    tool: "generate_pie_chart",
    input: { data: [{ category: "a", value: 1 }] },
  },
  {
    name: "mcp-server-commands",
    version: "0.5.0",
    tool: "run_command",
    input: { command: "echo hello" },
  },
  { name: "@eslint/mcp", version: "0.3.13", tool: "lint-files", input: { filePaths: ["none.js"] } },
  { name: "@mui/mcp", version: "0.1.5", tool: "fetchDocs", input: { urls: [] } },
  {
    name: "mcp-server-code-runner",
    version: "0.1.8",
    tool: "run-code",
    input: { code: "console.log(1)", languageId: "javascript" },
  },
  { name: "@playwright/mcp", version: "0.0.83", tool: "browser_close" },
  {
    name: "chrome-devtools-mcp",
    version: "1.11.0",
    args: ["--no-usage-statistics", "--no-performance-crux"],
    tool: "list_pages",
  },
  {
    name: "@cyanheads/git-mcp-server",
    version: "2.15.3",
    tool: "git_status",
    input: { path: "." },
  },
  { name: "@wonderwhy-er/desktop-commander", version: "0.2.52", tool: "get_config" },
  { name: "nx-mcp", version: "0.25.0", tool: "nx_docs", input: { userQuery: "cache" } },
  {
    name: "mcp-echarts",
    version: "0.7.1",
    tool: "generate_line_chart",
    input: { data: [{ time: "a", value: 1 }], outputType: "option" },
  },
  {
    name: "@executeautomation/playwright-mcp-server",
    version: "1.0.12",
    tool: "get_codegen_session",
    input: { sessionId: "none" },
  },
  { name: "mcp-hello-world", version: "1.1.2", tool: "echo", input: { message: "hello" } },
  { name: "@coding-solo/godot-mcp", version: "0.1.1", tool: "get_debug_output" },
  { name: "@notionhq/notion-mcp-server", version: "2.5.2", tool: "API-get-self" },
];
