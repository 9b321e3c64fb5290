import { expect, it } from "vitest";
import { childEnvironment } from "./environment.ts";

const own = { PATH: "/bin", HOME: "/home/o", AWS_SECRET_ACCESS_KEY: "secret", SHELL: "() { :; }" };

it("passes on the variables that programs need, and no secrets", () => {
  expect(childEnvironment(undefined, own)).toEqual({ PATH: "/bin", HOME: "/home/o" });
});

it("adds, replaces and removes the given variables", () => {
  const given = { PATH: "/opt", API_KEY: "given", HOME: undefined };
  expect(childEnvironment(given, own)).toEqual({ PATH: "/opt", API_KEY: "given", HOME: undefined });
});
