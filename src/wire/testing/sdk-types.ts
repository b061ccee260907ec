/** What may be sent, as a vendor's SDK types it: read from its declarations, as far as requests need it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import {
  type ImportDeclaration,
  parseSync,
  type Statement,
  type TSInterfaceDeclaration,
  type TSSignature,
  type TSType,
  type TSTypeAliasDeclaration,
  type TSTypeName,
  type TSTypeReference,
} from "oxc-parser";

export type SdkType =
  | { readonly kind: "string" | "number" | "boolean" | "null" | "anything" }
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "list"; readonly item: () => SdkType }
  | { readonly kind: "object"; readonly name: string; readonly members: () => readonly Member[] }
  | { readonly kind: "one-of"; readonly options: () => readonly SdkType[] };

export interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: SdkType;
}

type Declared = TSInterfaceDeclaration | TSTypeAliasDeclaration;

/** A file, or a namespace within one: what its names stand for. */
interface Scope {
  readonly outer: Scope | undefined;
  readonly types: Map<string, Declared>;
  readonly namespaces: Map<string, () => Scope>;
  /** Names that another file declares. */
  readonly imported: Map<string, () => { readonly scope: Scope; readonly name: string }>;
}

type Open = (path: string) => Scope;

/** A type by its name in a file of declarations. */
export function sdkType(path: string, name: string): SdkType {
  const known = new Map<string, Scope>();
  const open: Open = (file) => {
    const found = known.get(file);
    if (found !== undefined) return found;
    const scope = scopeIn({ file, open }, undefined, parseSync(file, readFileSync(file, "utf8")).program.body);
    known.set(file, scope);
    return scope;
  };
  return declaredType(open(path), name);
}

// ---- names

interface Source {
  readonly file: string;
  readonly open: Open;
}

function scopeIn(source: Source, outer: Scope | undefined, statements: readonly unknown[]): Scope {
  const scope: Scope = { outer, types: new Map(), namespaces: new Map(), imported: new Map() };
  // A namespace holds statements as a file does.
  for (const statement of statements as readonly Statement[]) {
    if (statement.type === "ImportDeclaration") addImports(source, scope, statement);
    const node = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (node?.type === "TSInterfaceDeclaration" || node?.type === "TSTypeAliasDeclaration")
      scope.types.set(node.id.name, node);
    if (node?.type === "TSModuleDeclaration" && node.id.type === "Identifier" && node.body?.type === "TSModuleBlock") {
      const inner = scopeIn(source, scope, node.body.body);
      scope.namespaces.set(node.id.name, () => inner);
    }
  }
  return scope;
}

function addImports({ file, open }: Source, scope: Scope, { specifiers, source: { value } }: ImportDeclaration): void {
  const target = () => open(join(dirname(file), value.replace(/\.js$/, ".d.ts")));
  for (const specifier of specifiers) {
    const { name } = specifier.local;
    if (specifier.type === "ImportNamespaceSpecifier") scope.namespaces.set(name, target);
    else scope.imported.set(name, () => ({ scope: target(), name }));
  }
}

function namespaceOf(scope: Scope, name: TSTypeName): Scope {
  if (name.type === "TSQualifiedName") {
    const found = namespaceOf(scope, name.left).namespaces.get(name.right.name);
    if (found !== undefined) return found();
  } else if (name.type === "Identifier") {
    for (let place: Scope | undefined = scope; place !== undefined; place = place.outer) {
      const found = place.namespaces.get(name.name);
      if (found !== undefined) return found();
    }
  }
  throw new Error("There is no such namespace.");
}

function declaredType(scope: Scope, name: string): SdkType {
  for (let place: Scope | undefined = scope; place !== undefined; place = place.outer) {
    const declared = place.types.get(name);
    if (declared !== undefined) return typeOf(place, declared);
    const imported = place.imported.get(name)?.();
    if (imported !== undefined) return declaredType(imported.scope, imported.name);
  }
  return anything;
}

function typeOf(scope: Scope, declared: Declared): SdkType {
  if (declared.type === "TSTypeAliasDeclaration") return read(scope, declared.typeAnnotation, declared.id.name);
  const members = () => [
    ...declared.extends.flatMap(({ expression }) => {
      const base = expression.type === "Identifier" ? declaredType(scope, expression.name) : undefined;
      return base?.kind === "object" ? base.members() : [];
    }),
    ...membersIn(scope, declared.body.body),
  ];
  return { kind: "object", name: declared.id.name, members };
}

// ---- types

const simple: Readonly<Partial<Record<TSType["type"], "string" | "number" | "boolean" | "null">>> = {
  TSStringKeyword: "string",
  TSNumberKeyword: "number",
  TSBooleanKeyword: "boolean",
  TSNullKeyword: "null",
};

const anything: SdkType = { kind: "anything" };

function read(scope: Scope, type: TSType, name: string): SdkType {
  const kind = simple[type.type];
  if (kind !== undefined) return { kind };
  switch (type.type) {
    case "TSLiteralType":
      return { kind: "literal", value: type.literal.type === "Literal" ? type.literal.value : undefined };
    case "TSParenthesizedType":
      return read(scope, type.typeAnnotation, name);
    case "TSArrayType":
      return { kind: "list", item: () => read(scope, type.elementType, name) };
    case "TSUnionType":
      return { kind: "one-of", options: () => type.types.map((option) => read(scope, option, name)) };
    case "TSTypeLiteral":
      return type.members.some((member) => member.type === "TSPropertySignature")
        ? { kind: "object", name, members: () => membersIn(scope, type.members) }
        : anything;
    // `string & {}`, which an editor shows beside the names it knows.
    case "TSIntersectionType":
      return type.types[0] === undefined ? anything : read(scope, type.types[0], name);
    case "TSTypeReference":
      return readReference(scope, type, name);
    default:
      return anything;
  }
}

function readReference(scope: Scope, { typeName, typeArguments }: TSTypeReference, name: string): SdkType {
  const [inner] = typeArguments?.params ?? [];
  if (typeName.type === "TSQualifiedName") return declaredType(namespaceOf(scope, typeName.left), typeName.right.name);
  if (typeName.type !== "Identifier") return anything;
  if (typeName.name === "Array" && inner !== undefined) return { kind: "list", item: () => read(scope, inner, name) };
  return declaredType(scope, typeName.name);
}

function membersIn(scope: Scope, signatures: readonly TSSignature[]): readonly Member[] {
  return signatures.flatMap((signature): readonly Member[] => {
    if (signature.type !== "TSPropertySignature" || signature.typeAnnotation === null) return [];
    const { key, optional: isOptional } = signature;
    const name = key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : undefined;
    if (name === undefined) return [];
    return [{ name, isOptional, type: read(scope, signature.typeAnnotation.typeAnnotation, name) }];
  });
}
