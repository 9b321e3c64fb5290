/** The process of a server on stdio. */
import { serveStdio } from "lutra/node";
import { createServer } from "lutra/server";
import { answerQuestions } from "./questions.ts";

serveStdio(createServer({ name: "attacked", version: "1.0.0" }));
answerQuestions();
process.send?.("ready");
