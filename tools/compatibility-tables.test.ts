import { describe, expect, it } from "vitest";
import { matrixTable } from "./compatibility-tables.ts";

const head = `| client | place | tools | subscribe | tasks |
| --- | --- | --- | --- | --- |`;

const pageOf = (http: string, stdio: string) => `# Clients

## Lutra over HTTP

${head}
${http}

## Lutra over stdio

${head}
${stdio}

## Notes

1. A reason.
`;

describe("matrixTable", () => {
  const cellOf = (http: string, stdio: string) =>
    matrixTable(pageOf(http, stdio)).split("\n")[2]?.split("|")[2]?.trim();

  it("shows that all features work, without those that a client does not have", () => {
    expect(cellOf("| C | direct | yes |  | yes |", "| C | direct | yes |  | yes |")).toBe("all");
  });

  it("names a feature that works on no way, with its note", () => {
    const row = "| C | direct | yes | yes | no (1) |";
    expect(cellOf(row, row)).toBe("all but tasks (1)");
  });

  it("names the ways on which a feature does not work", () => {
    const http = "| C | direct | yes | yes | yes |\n| C | gateway | yes | yes | no (1) |";
    const stdio = "| C | direct | yes | no (1) | yes |\n| C | gateway | yes | no (1) | yes |";
    expect(cellOf(http, stdio)).toBe("all but subscribe (stdio: 1); tasks (HTTP gateway: 1)");
  });

  it("names features that fail on the same ways together, and ways of both transports once", () => {
    const rows = "| C | direct | no (1) | no (1) | yes |\n| C | gateway | yes | yes | yes |";
    expect(cellOf(rows, rows)).toBe("all but tools, subscribe (direct: 1)");
  });

  it("shows a failure that has no explanation", () => {
    const row = "| C | direct | **no** | yes | yes |";
    expect(cellOf(row, row)).toBe("all but tools (**no**)");
  });

  it("ends with the notes", () => {
    const row = "| C | direct | yes | yes | yes |";
    expect(matrixTable(pageOf(row, row)).split("\n").at(-1)).toBe("1. A reason.");
  });
});
