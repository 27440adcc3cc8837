// Tabs where PyYAML refuses them: everywhere but in quoted text, block text and comments. The `yaml` package is more lenient.
import { Lexer } from "yaml";

/** Offset of the first tab that PyYAML would refuse; undefined when there is none. */
export function findTab(text: string): number | undefined {
  if (!text.includes("\t")) return undefined;
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  let blockText = false;
  let scalar = false;
  for (const token of new Lexer().lex(text.slice(offset))) {
    const first = token[0];
    if (token === "\x02" || token === "\x18" || token === "\uFEFF") continue;
    if (token === "\x1f") {
      scalar = true;
      continue;
    }
    const tab = token.indexOf("\t");
    const free = first === '"' || first === "'" || first === "#" || (scalar && blockText);
    if (tab >= 0 && !free) return offset + tab;
    if (scalar) blockText = false;
    else if (first === "|" || first === ">") blockText = true;
    scalar = false;
    offset += token.length;
  }
  return undefined;
}
