/** Every field that an SDK's types let a request have, each in a request that is otherwise the same. */
import type { Member, SdkType } from "./sdk-types.ts";

interface Change {
  readonly before: unknown;
  readonly after: unknown;
}

export interface Probe {
  /** As in `messages[role=user].content[type=text].cache_control`. */
  readonly path: string;
  readonly before: unknown;
  /** With the field, by several values: not each asks for something. */
  readonly after: readonly unknown[];
  /** How what it stands in came into the request. */
  readonly within: readonly Change[];
}

type Fields = Readonly<Record<string, unknown>>;

interface Place {
  readonly path: string;
  readonly value: Fields;
  readonly put: (value: Fields) => unknown;
  readonly within: readonly Change[];
}

export interface Probing {
  /** A request with whatever the others need. */
  readonly base: Fields;
  /** Where in a list of the request another element stands. */
  readonly placed: Readonly<Record<string, (element?: unknown) => readonly unknown[]>>;
  /** What is refused holds nothing to ask about. */
  readonly accepts: (body: unknown) => boolean;
  /** What travels on whole, whatever is in it. */
  readonly opaque: RegExp;
}

export function probesOf(type: SdkType, probing: Probing): readonly Probe[] {
  return [...walk(type, { path: "", value: probing.base, put: (value) => value, within: [] }, probing)];
}

const deepest = 9;

/** A message is another one in each role. */
function* walk(type: SdkType, place: Place, probing: Probing): Generator<Probe> {
  if (type.kind !== "object" || probing.opaque.test(place.path) || place.path.split(".").length > deepest) return;
  const members = type.members().filter(({ name }) => name !== "role");
  const roles = literalsIn(type.members().find(({ name }) => name === "role")?.type);
  const places = roles.map((role) => ({
    ...place,
    value: { ...place.value, role },
    path: place.path.replace(/(?:\[role=[^\]]*\])?$/, `[role=${String(role)}]`),
  }));
  for (const at of places.length === 0 ? [place] : places)
    if (probing.accepts(at.put(at.value))) for (const member of members) yield* probe(member, at, probing);
}

function* probe({ name, isOptional, type }: Member, place: Place, probing: Probing): Generator<Probe> {
  const { within } = place;
  const path = place.path === "" ? name : `${place.path}.${name}`;
  const { [name]: own, ...others } = place.value;
  const put = (value: unknown) => place.put({ ...place.value, [name]: value });
  const without = place.put(isOptional ? others : place.value);
  const options = optionsOf(type);
  const scalars = options.flatMap((option) => scalarsOf(option, path)).filter((value) => value !== own);
  if (scalars.length > 0) yield { path, before: without, after: scalars.map(put), within };
  for (const option of options) {
    if (option.kind === "object") yield* probeObject(option, { path, own, before: without, put, within }, probing);
    if (option.kind !== "list") continue;
    const items = optionsOf(option.item());
    const simple = items.flatMap((item) => scalarsOf(item, path));
    if (simple.length > 0)
      yield { path: `${path}[]`, before: without, after: simple.map((value) => put([value])), within };
    const objects = items.filter((item) => item.kind === "object");
    const placed = place.path === "" ? probing.placed[name] : undefined;
    const beside = isOptional ? [] : objects.slice(0, 1).map((item) => least(item, path));
    const list = placed ?? ((element?: unknown) => [...beside, ...(element === undefined ? [] : [element])]);
    const before = placed === undefined && isOptional ? without : put(list());
    for (const item of objects)
      yield* probeObject(item, { path, before, put: (value) => put(list(value)), within }, probing);
  }
}

interface ObjectPlace {
  readonly path: string;
  /** What stands there already. */
  readonly own?: unknown;
  readonly before: unknown;
  readonly put: (value: Fields) => unknown;
  readonly within: readonly Change[];
}

function* probeObject(type: SdkType, place: ObjectPlace, probing: Probing): Generator<Probe> {
  const { own, before, put, within } = place;
  const path = place.path + labelOf(type);
  const values = leastObjects(type, place.path);
  const [first = {}] = values;
  const isThere = JSON.stringify(own) === JSON.stringify(first);
  // An object that need not hold anything asks for something by what it holds.
  if (!isThere && Object.keys(first).length > 0) yield { path, before, after: values.map(put), within };
  const value = values.find((candidate) => probing.accepts(put(candidate)));
  if (value !== undefined)
    yield* walk(type, { path, value, put, within: [...within, { before, after: put(value) }] }, probing);
}

// ---- values

function optionsOf(type: SdkType): readonly SdkType[] {
  return type.kind === "one-of" ? type.options().flatMap(optionsOf) : [type];
}

function literalsIn(type: SdkType | undefined): readonly unknown[] {
  return (type === undefined ? [] : optionsOf(type)).flatMap((option) =>
    option.kind === "literal" ? [option.value] : [],
  );
}

function labelOf(type: SdkType): string {
  if (type.kind !== "object") return "";
  const told = type.members().find(({ name }) => name === "type" || name === "role");
  const [value, ...others] = told === undefined ? [] : literalsIn(told.type);
  return told === undefined || others.length > 0 ? `[${type.name}]` : `[${told.name}=${String(value)}]`;
}

function scalarsOf(type: SdkType, path: string): readonly unknown[] {
  switch (type.kind) {
    case "literal":
      return [type.value];
    case "string":
      return textsFor(path);
    case "number":
      return [0.5, 3];
    case "boolean":
      return [true, false];
    case "anything":
      return [{ type: "object", properties: { x: { type: "string" } } }, { a: "b" }, { a: 1 }, ["x"], "x"];
    default:
      return [];
  }
}

const png = "iVBORw0KGgo=";

/** Some that may stand at such a place; `c1` is a call of the base, and `f` a tool. */
function textsFor(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf(".") + 1);
  if (/call_id|tool_use_id/.test(name)) return ["c1"];
  if (/url/.test(name)) return ["https://example.test/a.png", "https://example.test/b.pdf"];
  if (name === "file_data") return ["data:application/pdf;base64,JVBERi0="];
  if (name === "data") return [png, "JVBERi0="];
  if (name === "media_type") return ["image/png", "application/pdf", "text/plain"];
  if (name === "arguments") return ['{"a":1}', '{"a":2}'];
  if (name === "name") return path.startsWith("tools") ? ["g", "h"] : ["f"];
  return ["one", "two"];
}

function least(type: SdkType, path: string): unknown {
  const [option] = optionsOf(type);
  if (option === undefined) return undefined;
  if (option.kind === "object") return leastObjects(option, path)[0];
  if (option.kind === "list") return [least(option.item(), path)];
  return option.kind === "null" ? null : scalarsOf(option, path)[0];
}

/** With what must be there; where several kinds of values may, with each of them in turn. */
function leastObjects(type: SdkType, path: string): readonly Fields[] {
  if (type.kind !== "object" || path.split(".").length > deepest) return [{}];
  const required = type.members().filter(({ isOptional }) => !isOptional);
  const first = Object.fromEntries(
    required.map((member) => [member.name, least(member.type, `${path}.${member.name}`)]),
  );
  const others = required.flatMap((member) =>
    optionsOf(member.type)
      .slice(1, 6)
      .map((option) => ({ ...first, [member.name]: least(option, `${path}.${member.name}`) })),
  );
  return [first, ...others];
}
