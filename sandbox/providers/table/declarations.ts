// Reads the SDK's .d.ts files with the TypeScript parser (no type checker: the files are regular) into shapes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { ObjectTable, Shape } from "./format.ts";

/** A raw object: shapes and which properties must be there. */
export type RawObject = Required<Pick<ObjectTable, "p" | "r">>;

/** What one .d.ts of a resource or function says. */
export interface Declared {
  readonly apiVersion: string | undefined;
  /** Interfaces by name. */
  readonly interfaces: ReadonlyMap<string, RawObject>;
  /** Class properties (outputs) by class name. */
  readonly classes: ReadonlyMap<string, RawObject>;
}

const KEYWORDS: ReadonlyMap<ts.SyntaxKind, Shape> = new Map([
  [ts.SyntaxKind.StringKeyword, "s"],
  [ts.SyntaxKind.NumberKeyword, "n"],
  [ts.SyntaxKind.BooleanKeyword, "b"],
  [ts.SyntaxKind.AnyKeyword, "*"],
] as const);

/** The declarations of the azure-native SDK under `packageDir`, read file by file when asked. */
export class Declarations {
  readonly #dir: string;
  readonly #types = new Map<string, Map<string, ts.InterfaceDeclaration>>();
  readonly #enums = new Map<string, ReadonlyMap<string, readonly (string | number)[]>>();

  constructor(packageDir: string) {
    this.#dir = packageDir;
    for (const kind of ["input", "output"] as const) this.#readNamespaces(kind);
  }

  /** A resource's or function's own file; `stem` as in the SDK's index, e.g. `machinelearningservices/workspace`. */
  file(stem: string): Declared {
    const text = readFileSync(join(this.#dir, `${stem}.d.ts`), "utf8");
    const source = parse(stem, text);
    const interfaces = new Map<string, RawObject>();
    const classes = new Map<string, RawObject>();
    for (const node of source.statements) {
      if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, this.#members(node.members));
      if (ts.isClassDeclaration(node) && node.name) classes.set(node.name.text, this.#members(node.members));
    }
    return { apiVersion: /Uses Azure REST API version ([0-9]{4}-[0-9]{2}-[0-9]{2}(?:-\w+)?)/.exec(text)?.[1], interfaces, classes };
  }

  /** An object type of a module, from its input or output types. */
  objectType(module: string, name: string): RawObject {
    const found = this.#types.get(module)?.get(name);
    if (!found) throw new Error(`azure-native declares no type ${module}.${name}`);
    return this.#members(found.members);
  }

  #readNamespaces(kind: "input" | "output"): void {
    const source = parse(kind, readFileSync(join(this.#dir, "types", `${kind}.d.ts`), "utf8"));
    for (const node of source.statements) {
      if (!ts.isModuleDeclaration(node) || !node.body || !ts.isModuleBlock(node.body)) continue;
      const byName = this.#types.get(node.name.text) ?? new Map<string, ts.InterfaceDeclaration>();
      this.#types.set(node.name.text, byName);
      for (const inner of node.body.statements) if (ts.isInterfaceDeclaration(inner)) byName.set(inner.name.text, inner);
    }
  }

  #members(members: ts.NodeArray<ts.TypeElement | ts.ClassElement>): RawObject {
    const p: Record<string, Shape> = {};
    const r: string[] = [];
    for (const member of members) {
      if (!(ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) || !member.type) continue;
      if (ts.canHaveModifiers(member) && ts.getModifiers(member)?.some((m) => m.kind === ts.SyntaxKind.StaticKeyword)) continue;
      const name = ts.isIdentifier(member.name) || ts.isStringLiteral(member.name) ? member.name.text : undefined;
      if (name === undefined) continue;
      p[name] = this.#shape(member.type);
      if (!member.questionToken) r.push(name);
    }
    return { p, r };
  }

  #shape(node: ts.TypeNode): Shape {
    if (ts.isParenthesizedTypeNode(node)) return this.#shape(node.type);
    if (ts.isArrayTypeNode(node)) return { l: this.#shape(node.elementType) };
    if (ts.isTypeReferenceNode(node)) return this.#reference(node);
    if (ts.isUnionTypeNode(node)) return this.#union(node);
    if (ts.isTypeLiteralNode(node)) {
      const index = node.members.find(ts.isIndexSignatureDeclaration);
      return index ? { m: this.#shape(index.type) } : "*";
    }
    if (ts.isLiteralTypeNode(node)) {
      if (ts.isStringLiteral(node.literal)) return { c: node.literal.text };
      if (ts.isNumericLiteral(node.literal)) return { c: Number(node.literal.text) };
      return { c: node.literal.kind === ts.SyntaxKind.TrueKeyword };
    }
    const keyword = KEYWORDS.get(node.kind);
    if (keyword) return keyword;
    throw new Error(`azure-native's declarations hold a type this reader does not know: ${ts.SyntaxKind[node.kind]}`);
  }

  #reference(node: ts.TypeReferenceNode): Shape {
    const name = entityName(node.typeName);
    const last = name.at(-1) ?? "";
    if (name[0] === "pulumi" && (last === "Input" || last === "Output")) return this.#shape(node.typeArguments![0]!);
    if (name[0] === "pulumi" && name[1] === "asset") return "a";
    if (name[0] === "pulumi") return "*";
    if (name[0] === "enums") return { e: this.#enumValues(name.slice(1, -1).join("/"), last) };
    if (name[0] === "inputs" || name[0] === "outputs") return { t: `${name[1]}.${last}` };
    throw new Error(`azure-native's declarations refer to ${name.join(".")}, which this reader does not know`);
  }

  /** An enum beside `string` is open: any string goes. */
  #union(node: ts.UnionTypeNode): Shape {
    const shapes = node.types.filter((t) => t.kind !== ts.SyntaxKind.UndefinedKeyword).map((t) => this.#shape(t));
    const kept = shapes.includes("s") ? shapes.filter((s) => typeof s === "string" || !("e" in s || "c" in s)) : shapes;
    const unique = [...new Map(kept.map((s) => [JSON.stringify(s), s])).values()];
    if (unique.includes("*")) return "*";
    return unique.length === 1 ? unique[0]! : { o: unique };
  }

  #enumValues(module: string, name: string): readonly (string | number)[] {
    let enums = this.#enums.get(module);
    if (!enums) {
      const read = new Map<string, readonly (string | number)[]>();
      const source = parse(module, readFileSync(join(this.#dir, "types", "enums", module, "index.d.ts"), "utf8"));
      for (const node of source.statements) {
        if (!ts.isVariableStatement(node)) continue;
        const declaration = node.declarationList.declarations[0];
        if (!declaration?.type || !ts.isTypeLiteralNode(declaration.type)) continue;
        const values = declaration.type.members.flatMap((m): (string | number)[] => {
          if (!ts.isPropertySignature(m) || !m.type || !ts.isLiteralTypeNode(m.type)) return [];
          const literal = m.type.literal;
          return ts.isStringLiteral(literal) ? [literal.text] : ts.isNumericLiteral(literal) ? [Number(literal.text)] : [];
        });
        read.set(declaration.name.getText(source), values);
      }
      this.#enums.set(module, read);
      enums = read;
    }
    const values = enums.get(name);
    if (!values) throw new Error(`azure-native declares no enum ${module}.${name}`);
    return values;
  }
}

function parse(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(`${name}.d.ts`, text, ts.ScriptTarget.Latest, false);
}

function entityName(name: ts.EntityName): string[] {
  return ts.isIdentifier(name) ? [name.text] : [...entityName(name.left), name.right.text];
}
