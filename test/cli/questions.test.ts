/** The commands that are clients, in a terminal: questions, progress, cancellation and width. */
import { describe, expect, it } from "vitest";
import { ctrlC, hasScript, inTerminal } from "./in-terminal.ts";

const plain = { NO_COLOR: "1" };

describe.skipIf(!hasScript)("lutra call in a terminal (needs script, of util-linux)", () => {
  it("asks for each field of a form, repeats a wrong answer, and sends what the user agreed to", async () => {
    const lutra = inTerminal("call client-server.ts ask", plain);
    await lutra.until("client-server.ts asks: Which place?");
    await lutra.until("City: ");
    lutra.type("\r");
    await lutra.until("Expected an answer");
    await lutra.until("City: ");
    lutra.type("Lisbon\r");
    await lutra.until("days (optional) [3]: ");
    lutra.type("many\r");
    await lutra.until("Expected an integer");
    await lutra.until("days (optional) [3]: ");
    lutra.type("\r");
    await lutra.until("1  sea");
    await lutra.until("kind (1 to 2; optional): ");
    lutra.type("2\r");
    await lutra.until("sure (yes or no): ");
    lutra.type("yes\r");
    await lutra.until("Send? (yes, edit, decline or cancel) ");
    lutra.type("yes\r");
    await lutra.until(
      '{"action":"accept","content":{"city":"Lisbon","days":3,"kind":"land","sure":true}}',
    );
    expect(await lutra.closed).toEqual([0, null]);
  });

  it("lets the user change a form that the schema refuses, edit it, and decline it", async () => {
    const lutra = inTerminal("call client-server.ts ask", plain);
    const answer = async (...answers: readonly (readonly [question: string, answer: string])[]) => {
      for (const [question, text] of answers) {
        await lutra.until(question);
        lutra.type(`${text}\r`);
      }
    };
    await answer(["City: ", "Lima"], ["[3]: ", "0"], ["optional): ", ""], ["no): ", "no"]);
    await lutra.until("days: ");
    await answer(["City [Lima]: ", ""], ["[0]: ", "2"], ["optional): ", ""], ["[no]: ", ""]);
    await answer(["cancel) ", "edit"]);
    await answer(["City [Lima]: ", "Lagos"], ["[2]: ", ""], ["optional): ", ""], ["[no]: ", ""]);
    await answer(["cancel) ", "decline"]);
    await lutra.until('{"action":"decline"}');
    expect(await lutra.closed).toEqual([0, null]);
  });

  it("shows the whole URL, and opens nothing", async () => {
    const lutra = inTerminal("call client-server.ts visit", plain);
    await lutra.until("client-server.ts asks: Sign in");
    await lutra.until("  https://example.com/sign-in?state=1\r\n");
    await lutra.until("Opened? (yes, decline or cancel) ");
    lutra.type("y\r");
    await lutra.until("accept\r\n");
    expect(await lutra.closed).toEqual([0, null]);
  });

  it("sends the action cancel when the input ends", async () => {
    const lutra = inTerminal("call client-server.ts ask", plain);
    await lutra.until("City: ");
    lutra.type("\u0004");
    await lutra.until('{"action":"cancel"}');
    expect(await lutra.closed).toEqual([0, null]);
  });

  it("ends with 130 on Ctrl-C at a question", async () => {
    const lutra = inTerminal("call client-server.ts ask", plain);
    await lutra.until("City: ");
    lutra.type(ctrlC);
    await lutra.until("lutra: cancelled");
    expect(await lutra.closed).toEqual([130, null]);
  });

  it("shows progress on one line, and cancels the call at the server on Ctrl-C", async () => {
    const lutra = inTerminal("call client-server.ts wait", plain, 40);
    await lutra.until("█████░░░░░░░░░░░░░░░ 25 % waiting for …");
    await lutra.until("fixture: waiting");
    lutra.type(ctrlC);
    await lutra.until("fixture: aborted");
    await lutra.until("lutra: cancelled");
    expect(await lutra.closed).toEqual([130, null]);
  });

  it("shortens the cells of a table to the width of the terminal, and colours its head", async () => {
    const lutra = inTerminal("call client-server.ts places", {}, 40);
    const head = await lutra.line(/city/);
    expect(head.input).toContain("\u001b[36m");
    const row = await lutra.line(/Lisbon/);
    expect(row[0].length).toBeLessThanOrEqual(40);
    expect(row.input).toMatch(/^ {2}Lisbon, the.*… {2}545000/);
    await lutra.line(/^ {2}東京 +14000000/);
  });

  it("shows control characters of a server as text", async () => {
    const lutra = inTerminal("call client-server.ts unsafe", plain);
    await lutra.until("before\\u001b[2Jafter");
    expect(await lutra.closed).toEqual([0, null]);
  });
});
