// The serialization mappers of @azure/arm-machinelearning: for each model, client name → path in the REST body.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export class Mappers {
  readonly #byName: ReadonlyMap<string, Readonly<Record<string, string>>>;

  constructor(byName: ReadonlyMap<string, Readonly<Record<string, string>>>) {
    this.#byName = byName;
  }

  static read(repoDir: string): Mappers {
    const file = join(repoDir, "node_modules/@azure/arm-machinelearning/dist-esm/src/models/mappers.js");
    const source = ts.createSourceFile("mappers.js", readFileSync(file, "utf8"), ts.ScriptTarget.Latest, false);
    const byName = new Map<string, Readonly<Record<string, string>>>();
    for (const node of source.statements) {
      if (!ts.isVariableStatement(node)) continue;
      for (const declaration of node.declarationList.declarations) {
        const properties = field(field(declaration.initializer, "type"), "modelProperties");
        const found: Record<string, string> = {};
        collect(properties, found);
        if (Object.keys(found).length > 0 && ts.isIdentifier(declaration.name)) byName.set(declaration.name.text, found);
      }
    }
    return new Mappers(byName);
  }

  of(name: string): Readonly<Record<string, string>> | undefined {
    return this.#byName.get(name);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }
}

/** `{ a: { serializedName: "properties.a" } }`, also spread with the parent's through Object.assign. */
function collect(node: ts.Expression | undefined, found: Record<string, string>): void {
  if (!node) return;
  if (ts.isCallExpression(node)) for (const argument of node.arguments) collect(argument, found);
  if (!ts.isObjectLiteralExpression(node)) return;
  for (const property of node.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) continue;
    const name = field(property.initializer, "serializedName");
    if (name && ts.isStringLiteral(name)) found[property.name.text] = name.text;
  }
}

function field(node: ts.Expression | undefined, name: string): ts.Expression | undefined {
  if (!node || !ts.isObjectLiteralExpression(node)) return undefined;
  for (const property of node.properties) {
    if (ts.isPropertyAssignment(property) && ts.isIdentifier(property.name) && property.name.text === name) return property.initializer;
  }
  return undefined;
}
