import { expect, it } from "vitest";
import { explainListenError } from "./listen-error.ts";

const options = { host: "--host", port: "--port" };
const address = { host: "127.0.0.1", port: 3000 };
const failed = (code: string) => Object.assign(new Error(code), { code });

it.each([
  [
    failed("EADDRINUSE"),
    "port 3000 is in use; stop the other program, or choose another port with --port",
  ],
  [failed("EACCES"), "no permission to use port 3000; choose one above 1023 with --port"],
  [
    failed("EADDRNOTAVAIL"),
    "127.0.0.1 is not an address of this machine; choose another one with --host",
  ],
])("explains %s and names the option to change", (error, message) => {
  expect(explainListenError(error, address, options)).toMatchObject({
    message,
    code: (error as { code?: unknown }).code,
    cause: error,
  });
});

it("names the settings of a configuration", () => {
  const settings = { host: "admin.host", port: "admin.port" };
  const messageOf = (code: string) => explainListenError(failed(code), address, settings);
  expect(messageOf("EADDRINUSE")).toMatchObject({
    message: expect.stringMatching(/ with admin\.port$/),
  });
  expect(messageOf("ENOTFOUND")).toMatchObject({
    message: expect.stringMatching(/^127\.0\.0\.1 is not .* with admin\.host$/),
  });
});

it("returns other errors unchanged", () => {
  const error = new Error("other");
  expect(explainListenError(error, address, options)).toBe(error);
});
