import { measure } from "../load.bench.ts";
const parts = process.argv.slice(2);
void parts;
const figures = await measure((line) => console.log(line), { soak: Number(process.argv[2] ?? 1), kills: Number(process.argv[3] ?? 10) });
console.log(JSON.stringify(figures, null, 1));
