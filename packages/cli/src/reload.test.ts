/** The ways in which programs replace a file. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { reloadOnChange } from "./reload.ts";

function watched(prepare: (folder: string) => string) {
  const folder = mkdtempSync(join(tmpdir(), "lutra-reload-"));
  const file = prepare(folder);
  let reloads = 0;
  const watching = reloadOnChange(
    () => [file],
    async () => {
      reloads += 1;
    },
  );
  onTestFinished(() => {
    watching.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, file, reloads: () => reloads };
}

it("reloads when another file is renamed to the watched name", async () => {
  const { folder, file, reloads } = watched((inside) => {
    writeFileSync(join(inside, "gateway.yaml"), "a");
    return join(inside, "gateway.yaml");
  });
  writeFileSync(join(folder, "new"), "b");
  renameSync(join(folder, "new"), file);
  await expect.poll(reloads).toBe(1);
});

it("reloads when a link in the path gets a new target, as in mounted settings", async () => {
  const version = (folder: string, name: string) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "gateway.yaml"), name);
  };
  const { folder, reloads } = watched((inside) => {
    version(inside, "..1");
    symlinkSync("..1", join(inside, "..data"));
    symlinkSync(join("..data", "gateway.yaml"), join(inside, "gateway.yaml"));
    return join(inside, "gateway.yaml");
  });
  version(folder, "..2");
  symlinkSync("..2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  await expect.poll(reloads).toBe(1);
});

it("ignores changes of other files in the folder", async () => {
  const { folder, file, reloads } = watched((inside) => {
    writeFileSync(join(inside, "gateway.yaml"), "a");
    return join(inside, "gateway.yaml");
  });
  writeFileSync(join(folder, "access.log"), "a line");
  writeFileSync(file, "b");
  await expect.poll(reloads).toBe(1);
  writeFileSync(join(folder, "access.log"), "another line");
  writeFileSync(file, "c");
  await expect.poll(reloads).toBe(2);
});
