/**
 * The tools of the bench server: 21 tools with schemas of realistic size. They do not depend on a
 * library, so that all contenders can use the same ones.
 */
import { z } from "zod";

export interface ToolSpecification {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: z.ZodObject;
  readonly annotations: { readonly readOnlyHint: boolean; readonly openWorldHint: boolean };
}

export const addition = {
  name: "add",
  title: "Add",
  description: "Adds two numbers and returns the sum as text.",
  inputSchema: z.object({
    a: z.number().describe("The first number"),
    b: z.number().describe("The second number"),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
} as const satisfies ToolSpecification;

const limit = z.int().min(1).max(100).default(20).describe("How many results to return at most");
const cursor = z.string().optional().describe("Where to go on, from the result before");
const language = z.enum(["en", "de", "fr", "es", "it", "pt", "ja", "zh"]).describe("ISO 639-1");
const repository = z
  .string()
  .regex(/^[\w.-]+\/[\w.-]+$/)
  .describe("The repository, as owner/name");
const latitude = z.number().min(-90).max(90).describe("Degrees north");
const longitude = z.number().min(-180).max(180).describe("Degrees east");
const place = z.object({ latitude, longitude, label: z.string().optional() });
const day = z.iso.date().describe("A day, as YYYY-MM-DD");

function reads(name: string, title: string, description: string, shape: z.ZodRawShape) {
  const annotations = { readOnlyHint: true, openWorldHint: true };
  return { name, title, description, inputSchema: z.object(shape), annotations };
}

function writes(name: string, title: string, description: string, shape: z.ZodRawShape) {
  const annotations = { readOnlyHint: false, openWorldHint: true };
  return { name, title, description, inputSchema: z.object(shape), annotations };
}

const development: readonly ToolSpecification[] = [
  reads("search_issues", "Search issues", "Searches issues by text, state, labels and assignee.", {
    repository,
    query: z.string().min(1).max(256).describe("Words that the title or the body must contain"),
    state: z.enum(["open", "closed", "all"]).default("open"),
    labels: z.array(z.string()).max(10).optional().describe("Labels that an issue must all have"),
    assignee: z.string().optional().describe("Login of the assignee"),
    limit,
    cursor,
  }),
  writes("create_issue", "Create an issue", "Opens an issue and returns its number and URL.", {
    repository,
    title: z.string().min(1).max(256),
    body: z.string().max(65_536).optional().describe("Markdown"),
    labels: z.array(z.string()).max(20).default([]),
    assignees: z.array(z.string()).max(10).default([]),
    milestone: z.int().positive().optional(),
  }),
  writes("comment_on_issue", "Comment on an issue", "Adds a comment to an issue.", {
    repository,
    number: z.int().positive().describe("The number of the issue"),
    body: z.string().min(1).max(65_536).describe("Markdown"),
  }),
  reads("read_file", "Read a file", "Reads a text file of a repository at a commit or branch.", {
    repository,
    path: z.string().min(1).describe("From the root of the repository"),
    ref: z.string().default("HEAD").describe("A branch, a tag or a commit"),
    startLine: z.int().min(1).optional(),
    endLine: z.int().min(1).optional(),
  }),
  reads("list_commits", "List commits", "Lists the commits of a branch, newest first.", {
    repository,
    branch: z.string().default("main"),
    author: z.string().optional(),
    since: day.optional(),
    until: day.optional(),
    limit,
    cursor,
  }),
];

const office: readonly ToolSpecification[] = [
  reads("search_documents", "Search documents", "Finds documents by meaning and by filter.", {
    query: z.string().min(1).max(1000).describe("A question or keywords"),
    collections: z.array(z.string()).min(1).max(20).describe("Where to search"),
    filters: z
      .object({
        author: z.string().optional(),
        after: day.optional(),
        before: day.optional(),
        types: z.array(z.enum(["page", "sheet", "slides", "pdf", "mail"])).optional(),
      })
      .optional(),
    minimumScore: z.number().min(0).max(1).default(0.5),
    limit,
  }),
  writes("send_mail", "Send a mail", "Sends a mail from the signed-in user's account.", {
    to: z.array(z.email()).min(1).max(50),
    cc: z.array(z.email()).max(50).default([]),
    subject: z.string().min(1).max(256),
    body: z.string().max(100_000).describe("Plain text or Markdown"),
    priority: z.enum(["low", "normal", "high"]).default("normal"),
    attachments: z
      .array(z.object({ name: z.string(), url: z.url() }))
      .max(10)
      .optional(),
  }),
  reads("list_events", "List events", "Lists calendar events between two days.", {
    calendar: z.string().default("primary"),
    from: day,
    to: day,
    timeZone: z.string().default("UTC").describe("An IANA name such as Europe/Berlin"),
    includeDeclined: z.boolean().default(false),
  }),
  writes("create_event", "Create an event", "Adds an event to a calendar and invites people.", {
    calendar: z.string().default("primary"),
    title: z.string().min(1).max(256),
    start: z.iso.datetime({ offset: true }),
    end: z.iso.datetime({ offset: true }),
    attendees: z.array(z.object({ email: z.email(), optional: z.boolean().default(false) })),
    location: z.string().optional(),
    reminders: z.array(z.int().min(0).max(40_320)).max(5).default([10]).describe("Minutes before"),
  }),
  reads("translate", "Translate", "Translates text and keeps its formatting.", {
    text: z.string().min(1).max(20_000),
    from: language.optional(),
    to: language,
    formality: z.enum(["formal", "informal"]).optional(),
    glossary: z.record(z.string(), z.string()).optional().describe("Terms and their translation"),
  }),
];

const data: readonly ToolSpecification[] = [
  reads("query_database", "Query the database", "Runs a read-only SQL query.", {
    database: z.enum(["sales", "inventory", "support"]),
    sql: z.string().min(1).max(10_000).describe("One SELECT statement with $1, $2, ..."),
    parameters: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).default([]),
    timeoutMs: z.int().min(100).max(60_000).default(10_000),
    limit: z.int().min(1).max(10_000).default(1000),
  }),
  reads("describe_table", "Describe a table", "Lists the columns, keys and indexes of a table.", {
    database: z.enum(["sales", "inventory", "support"]),
    table: z.string().regex(/^\w+(\.\w+)?$/),
    includeStatistics: z.boolean().default(false),
  }),
  reads("plot", "Plot", "Draws a chart from rows and returns it as SVG.", {
    kind: z.enum(["line", "bar", "scatter", "area", "pie"]),
    title: z.string().max(200).optional(),
    series: z
      .array(
        z.object({
          name: z.string(),
          points: z.array(z.object({ x: z.union([z.number(), z.string()]), y: z.number() })),
        }),
      )
      .min(1)
      .max(12),
    width: z.int().min(100).max(4000).default(800),
    height: z.int().min(100).max(4000).default(450),
  }),
  reads("convert_currency", "Convert currency", "Converts an amount at the rate of a day.", {
    amount: z.number().nonnegative(),
    from: z.string().length(3).describe("ISO 4217"),
    to: z.string().length(3).describe("ISO 4217"),
    on: day.optional(),
  }),
  reads("fetch_page", "Fetch a page", "Fetches a web page and returns its text as Markdown.", {
    url: z.url(),
    selector: z.string().optional().describe("A CSS selector of the part to keep"),
    maxLength: z.int().min(100).max(100_000).default(20_000),
    waitMs: z.int().min(0).max(30_000).default(0),
  }),
];

const world: readonly ToolSpecification[] = [
  reads("get_weather", "Get the weather", "Current weather and a forecast for a place.", {
    place,
    days: z.int().min(1).max(14).default(3),
    units: z.enum(["metric", "imperial"]).default("metric"),
    hourly: z.boolean().default(false),
  }),
  reads("find_places", "Find places", "Finds places of a kind around a point.", {
    around: place,
    radiusMetres: z.number().positive().max(50_000).default(1000),
    kinds: z.array(z.enum(["restaurant", "hotel", "museum", "station", "shop"])).min(1),
    openNow: z.boolean().default(false),
    limit,
  }),
  reads("plan_route", "Plan a route", "Plans a route through places in the given order.", {
    stops: z.array(place).min(2).max(25),
    mode: z.enum(["walk", "cycle", "drive", "transit"]).default("drive"),
    departAt: z.iso.datetime({ offset: true }).optional(),
    avoid: z.array(z.enum(["tolls", "ferries", "motorways"])).default([]),
  }),
  reads("search_flights", "Search flights", "Searches flights between two airports.", {
    from: z.string().length(3).describe("IATA code of the airport"),
    to: z.string().length(3).describe("IATA code of the airport"),
    depart: day,
    return: day.optional(),
    passengers: z.object({
      adults: z.int().min(1).max(9).default(1),
      children: z.int().min(0).max(8).default(0),
    }),
    cabin: z.enum(["economy", "premium", "business", "first"]).default("economy"),
    maxStops: z.int().min(0).max(3).optional(),
  }),
  writes("book_table", "Book a table", "Books a table and returns the confirmation.", {
    restaurant: z.uuid(),
    at: z.iso.datetime({ offset: true }),
    guests: z.int().min(1).max(20),
    name: z.string().min(1).max(100),
    telephone: z.string().regex(/^\+\d{6,15}$/),
    wishes: z.string().max(500).optional(),
  }),
];

/** The 20 tools beside `add`. */
const others: readonly ToolSpecification[] = [...development, ...office, ...data, ...world];

/** Returns `count` tools beside `add`: the 20, and copies of them under other names. */
export function otherTools(count: number): readonly ToolSpecification[] {
  return Array.from({ length: count }, (_, index) => {
    const specification = others[index % others.length] as ToolSpecification;
    const copy = Math.floor(index / others.length);
    return copy === 0 ? specification : { ...specification, name: `${specification.name}_${copy}` };
  });
}

/** The result of every tool except `add`. */
export function answerOf(name: string, args: object): string {
  return `${name}: ${Object.keys(args).length} arguments`;
}
