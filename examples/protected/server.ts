/** A library whose tools need scopes. */
import { createServer, defineTool } from "lutra/server";
import { z } from "zod";

const books = ["Momo", "Matilda"];

const listBooks = defineTool({
  name: "list_books",
  description: "Lists the books of the library",
  scopes: ["books:read"],
  call: () => books.join(", "),
});

const addBook = defineTool({
  name: "add_book",
  description: "Adds a book to the library",
  inputSchema: z.object({ title: z.string() }),
  scopes: ["books:write"],
  call: ({ title }) => {
    books.push(title);
    return `Added ${title}`;
  },
});

export default createServer({ name: "library", version: "1.0.0", tools: [listBooks, addBook] });
