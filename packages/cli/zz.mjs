import { register as esm } from "tsx/esm/api";
import { register as cjs } from "tsx/cjs/api";
const mode = process.argv[3];
if (mode !== "esm") cjs();
if (mode !== "cjs") esm();
try { const m = await import("file://" + process.argv[2]); console.log(Object.keys(m), typeof m.default?.serve, Object.keys(m.default ?? {}), typeof m.default?.default?.serve); } catch (e) { console.log(String(e.message).slice(0, 300)); }
