/** Validates and completes a configuration. */
import { isObject, type Middleware } from "lutra/protocol";
import type { z } from "zod";
import type { Authenticate } from "../gateway-options.ts";
import type { Certificates } from "./certificates.ts";
import { type CompleteConfig, completeRoutes } from "./complete-routes.ts";
import { ConfigError, type ConfigProblem, formatPath, formatProblem } from "./config-error.ts";
import { crossCheck, notesOn } from "./cross-check.ts";
import { type Expectation, expectationsOf, flattenIssues, valueAt } from "./expectation.ts";
import { configJsonSchema } from "./json-schema.ts";
import type { ConfigDocument } from "./read-document.ts";
import { configSchema } from "./schema.ts";
import type { SecretFiles } from "./upstream-secrets.ts";
import type { RouteList, ValidParts } from "./valid-parts.ts";

export interface ParsedConfig {
  readonly config: CompleteConfig;
  /** The strings with environment variables, as written in the file, by path. */
  readonly environment: ReadonlyMap<string, string>;
  /** Verifies credentials, from the file that `auth.tokensFile` or `auth.module` names. */
  readonly authenticate?: Authenticate | undefined;
  /** Verifies the credentials of the endpoints with `auth` of their own, by their names. */
  readonly endpointCallers?: ReadonlyMap<string, Authenticate> | undefined;
  /** Decides about requests, from the file that `guard.module` names. */
  readonly guard?: Middleware | undefined;
  /** The files with certificates and keys, once they have been read. */
  readonly certificates?: Certificates | undefined;
  /** The files with secrets and keys of the gateway as a client, once they have been read. */
  readonly secretFiles?: SecretFiles | undefined;
  /** Hints about valid settings with surprising effects, one line each. */
  readonly notes: readonly string[];
}

type SourcePositions = Pick<ConfigDocument, "environment" | "positionOf">;

const noPositions: SourcePositions = { environment: new Map(), positionOf: () => undefined };

/**
 * Validates a configuration and fills in its defaults. Messages name `file` and the position in it.
 *
 * @throws {ConfigError} with every problem, in the order of the file
 */
export function parseConfig(
  input: unknown,
  file = "configuration",
  positions: SourcePositions = noPositions,
): ParsedConfig {
  const value = convertVariables(input, positions);
  const found = configSchema.safeParse(value);
  const parts = partsOf(value);
  const problemOf = locate(file, positions);
  const issues = found.success ? [] : found.error.issues;
  const problems = [
    ...(issues.length === 0 ? [] : expectationsOf(issues, value, configJsonSchema())),
    ...crossCheck(parts, value).map((finding) => ({ ...finding, isKey: false })),
  ].map(problemOf);
  if (!found.success || problems.length > 0) throw new ConfigError(inOrder(problems));
  const notes = notesOn(parts).map((note) => formatProblem(problemOf({ ...note, isKey: false })));
  const environment = new Map(
    [...positions.environment].map(([path, { written }]) => [path, written]),
  );
  return { config: completeRoutes(found.data), environment, notes };
}

/** Converts strings that consist of one variable to a number or boolean if the schema expects one. */
function convertVariables(input: unknown, { environment }: SourcePositions): unknown {
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

/** Returns a copy with another value at a path. */
function replaceAt(root: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inside = replaceAt(valueAt(root, [key]), rest, value);
  if (Array.isArray(root)) return root.map((item, index) => (index === key ? inside : item));
  return { ...(root as object), [key]: inside };
}

/** Parses every part on its own, so that an invalid part does not hide problems in other parts. */
function partsOf(value: unknown): ValidParts {
  const { routes, limits } = configSchema.shape;
  const readAll = <T>(
    path: readonly string[],
    schema: z.ZodType<T>,
  ): readonly (T | undefined)[] => {
    const list = valueAt(value, path);
    return Array.isArray(list) ? list.map((item) => schema.safeParse(item).data) : [];
  };
  const hasAuth = (path: readonly string[]) => valueAt(value, path) !== undefined;
  const listAt = (path: readonly string[], verifiesCallers: boolean): RouteList => ({
    path,
    routes: readAll(path, routes.unwrap().element),
    verifiesCallers,
  });
  const upstreams = valueAt(value, ["upstreams"]);
  const endpoints = valueAt(value, ["endpoints"]);
  const named = (isObject(endpoints) ? Object.keys(endpoints) : []).map((name) => {
    const own = ["endpoints", name];
    const isOpen = valueAt(value, [...own, "auth"]) === false;
    const verifies = !isOpen && (hasAuth([...own, "auth"]) || hasAuth(["auth"]));
    return listAt([...own, "routes"], verifies);
  });
  return {
    upstreams: isObject(upstreams) ? Object.keys(upstreams) : undefined,
    routeLists: [listAt(["routes"], hasAuth(["auth"])), ...named],
    limits: readAll(["limits"], limits.unwrap().element),
  };
}

function locate(file: string, positions: SourcePositions): (found: Expectation) => ConfigProblem {
  return ({ path, message, isKey }) => {
    const from = positions.environment.get(formatPath(path));
    return {
      file,
      ...positionOf(path, isKey, positions),
      path: formatPath(path),
      message: from?.isWhole ? `${message} (from ${from.written})` : message,
    };
  };
}

/** Returns the position of the value or, if it is missing, of the nearest key that contains it. */
function positionOf(path: readonly PropertyKey[], isKey: boolean, positions: SourcePositions) {
  const own = positions.positionOf(formatPath(path), isKey ? "key" : "value");
  if (own !== undefined) return own;
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const position = positions.positionOf(formatPath(path.slice(0, length)), "key");
    if (position !== undefined) return position;
  }
  return undefined;
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const order = ({ line = 0, column = 0 }: ConfigProblem) => line * 10_000 + column;
  return problems.toSorted((a, b) => order(a) - order(b));
}
