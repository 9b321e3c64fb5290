import { expect, it } from "vitest";
import { loadOptional, MissingPackageError } from "./missing-package.ts";

const driver = { name: "some-driver", feature: "sqlite:" };

function failing(code: string, message: string): () => Promise<never> {
  return async () => {
    throw Object.assign(new Error(message), { code });
  };
}

it("returns the module of a package that is installed", async () => {
  expect(await loadOptional(driver, async () => "module")).toBe("module");
});

it.each([
  ["Node", "ERR_MODULE_NOT_FOUND", "Cannot find package 'some-driver' imported from /app/a.js"],
  ["require", "MODULE_NOT_FOUND", "Cannot find module 'some-driver'"],
  [
    "Yarn",
    "MODULE_NOT_FOUND",
    "@lutra/stores tried to access some-driver (a peer dependency) but it isn't provided",
  ],
])("names the command that installs a package that %s does not find", async (_, code, message) => {
  const missing = loadOptional(driver, failing(code, message));
  await expect(missing).rejects.toThrow(MissingPackageError);
  await expect(missing).rejects.toThrow(
    "sqlite: needs the package some-driver; install it with: npm install some-driver",
  );
});

it("names the version that is needed", async () => {
  const load = failing("ERR_MODULE_NOT_FOUND", "Cannot find package 'some-driver'");
  await expect(loadOptional({ ...driver, version: "1.2.3" }, load)).rejects.toThrow(
    /npm install some-driver@1\.2\.3$/,
  );
});

it.each([
  ["another missing package", "ERR_MODULE_NOT_FOUND", "Cannot find package 'other' imported from"],
  ["another error", "ERR_DLOPEN_FAILED", "some-driver: invalid ELF header"],
])("does not change %s", async (_, code, message) => {
  await expect(loadOptional(driver, failing(code, message))).rejects.toThrow(message);
});
