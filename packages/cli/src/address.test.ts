import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { listenError } from "./address.ts";

const address = { host: "127.0.0.1", port: 3000 };
const failed = (code: string, port?: number) => Object.assign(new Error(code), { code, port });

it.each([
  [
    failed("EADDRINUSE", 3000),
    "port 3000 is in use; stop the other program, or choose another port with --port",
  ],
  [
    failed("EADDRINUSE", 9464),
    "port 9464 is in use; stop the other program, or choose another port with --admin",
  ],
  [failed("EACCES", 3000), "no permission to use port 3000; choose one above 1023 with --port"],
  [
    failed("EADDRNOTAVAIL", 3000),
    "127.0.0.1 is not an address of this machine; choose another one with --host",
  ],
])("explains %s and names the option to change", (error, message) => {
  expect(listenError(error, address)).toMatchObject({ name: "CommandError", message });
});

it("names the settings of a configuration", () => {
  const settings = { host: "listen.host", port: "listen.port", admin: "admin.port" };
  const messageOf = (port: number) => listenError(failed("EADDRINUSE", port), address, settings);
  expect(messageOf(3000)).toMatchObject({ message: expect.stringMatching(/ with listen\.port$/) });
  expect(messageOf(9464)).toMatchObject({ message: expect.stringMatching(/ with admin\.port$/) });
});

it("takes the port from the errors of Node", async () => {
  const first = createServer().listen(0, "127.0.0.1");
  await once(first, "listening");
  const used = first.address();
  const port = typeof used === "object" ? used?.port : undefined;
  const second = createServer().listen(port, "127.0.0.1");
  const [error] = await once(second, "error");
  expect(listenError(error, address)).toMatchObject({
    message: expect.stringMatching(`^port ${port} is in use;`),
  });
  first.close();
});

it("returns other errors unchanged", () => {
  const error = new Error("other");
  expect(listenError(error, address)).toBe(error);
});
