/** From anything to a configuration, or to everything that is wrong with it. */
import { isObject } from "lutra/protocol";
import type { z } from "zod";
import { type CompleteConfig, completeRoutes } from "./complete-routes.ts";
import { ConfigError, type ConfigProblem, formatPath, formatProblem } from "./config-error.ts";
import { crossCheck, notesOn, type Parts } from "./cross-check.ts";
import { type Expectation, expectationsOf, flattenIssues, valueAt } from "./expectation.ts";
import { configJsonSchema } from "./json-schema.ts";
import type { ConfigDocument } from "./read-document.ts";
import { configSchema } from "./schema.ts";

export interface ParsedConfig {
  readonly config: CompleteConfig;
  /** The texts as written where variables of the environment were put in, by path. */
  readonly environment: ReadonlyMap<string, string>;
  /** What works but may surprise, one line each. */
  readonly notes: readonly string[];
}

type Places = Pick<ConfigDocument, "environment" | "placeOf">;

const noPlaces: Places = { environment: new Map(), placeOf: () => undefined };

/**
 * Checks a configuration, completes it, and says where it came from in what it reports.
 *
 * @throws {ConfigError} with every problem, in the order of the file
 */
export function parseConfig(
  input: unknown,
  file = "configuration",
  places: Places = noPlaces,
): ParsedConfig {
  const value = convertVariables(input, places);
  const found = configSchema.safeParse(value);
  const parts = partsOf(value);
  const problemOf = locate(file, places);
  const issues = found.success ? [] : found.error.issues;
  const problems = [
    ...(issues.length === 0 ? [] : expectationsOf(issues, value, configJsonSchema())),
    ...crossCheck(parts).map((finding) => ({ ...finding, isKey: false })),
  ].map(problemOf);
  if (!found.success || problems.length > 0) throw new ConfigError(inOrder(problems));
  const notes = notesOn(parts).map((note) => formatProblem(problemOf({ ...note, isKey: false })));
  const environment = new Map(
    [...places.environment].map(([path, { written }]) => [path, written]),
  );
  return { config: completeRoutes(found.data), environment, notes };
}

/** A text that is one variable and nothing else becomes a number or a boolean where one is expected. */
function convertVariables(input: unknown, { environment }: Places): unknown {
  if (![...environment.values()].some(({ isWhole }) => isWhole)) return input;
  const { error } = configSchema.safeParse(input);
  let value = input;
  for (const issue of flattenIssues(error?.issues ?? [])) {
    if (environment.get(formatPath(issue.path))?.isWhole !== true) continue;
    const converted = convert(issue, valueAt(value, issue.path));
    if (converted !== undefined) value = replaceAt(value, issue.path, converted);
  }
  return value;
}

function convert(issue: z.core.$ZodIssue, text: unknown): number | boolean | undefined {
  if (typeof text !== "string") return undefined;
  const expected: readonly unknown[] =
    issue.code === "invalid_type"
      ? [issue.expected]
      : issue.code === "invalid_value"
        ? issue.values.map((each) => typeof each)
        : [];
  if (expected.includes("boolean") && /^(?:true|false)$/.test(text)) return text === "true";
  const isNumber = expected.includes("number") || expected.includes("int");
  return isNumber && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** A copy in which the value at a path is another one. */
function replaceAt(root: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inside = replaceAt(valueAt(root, [key]), rest, value);
  if (Array.isArray(root)) return root.map((item, index) => (index === key ? inside : item));
  return { ...(root as object), [key]: inside };
}

/** Reads every part by itself, so that one that is wrong does not hide what is wrong elsewhere. */
function partsOf(value: unknown): Parts {
  const { routes, limits } = configSchema.shape;
  const readAll = <T>(key: string, schema: z.ZodType<T>): readonly (T | undefined)[] => {
    const list = valueAt(value, [key]);
    return Array.isArray(list) ? list.map((item) => schema.safeParse(item).data) : [];
  };
  const upstreams = valueAt(value, ["upstreams"]);
  return {
    upstreams: isObject(upstreams) ? Object.keys(upstreams) : undefined,
    routes: readAll("routes", routes.unwrap().element),
    limits: readAll("limits", limits.unwrap().element),
  };
}

function locate(file: string, places: Places): (found: Expectation) => ConfigProblem {
  return ({ path, message, isKey }) => {
    const from = places.environment.get(formatPath(path));
    return {
      file,
      ...placeOf(path, isKey, places),
      path: formatPath(path),
      message: from?.isWhole ? `${message} (from ${from.written})` : message,
    };
  };
}

/** The place of the value; for one that is missing, of the key of what should have it. */
function placeOf(path: readonly PropertyKey[], isKey: boolean, places: Places) {
  const own = places.placeOf(formatPath(path), isKey ? "key" : "value");
  if (own !== undefined) return own;
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const place = places.placeOf(formatPath(path.slice(0, length)), "key");
    if (place !== undefined) return place;
  }
  return undefined;
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const order = ({ line = 0, column = 0 }: ConfigProblem) => line * 10_000 + column;
  return problems.toSorted((a, b) => order(a) - order(b));
}
