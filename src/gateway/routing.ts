/** Which backend answers a request, and what it is to be asked for. Pure: the same request always goes the same way. */
import type { Backend } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import type { WireFormatId } from "#core/request.ts";
import type { Maker } from "#core/stored-response.ts";
import { nearest } from "#lib/nearest.ts";

import type { Fallback } from "./fallback.ts";
import type { RunOptions } from "./rule-options.ts";
import { namesOf } from "./suggest-models.ts";

/** What of a request decides. */
export interface RoutingFacts extends AskedRoute {
  readonly wireFormat: WireFormatId;
  /** By its full name, behind aliases; undefined where the request names none. */
  readonly model: string | undefined;
}

/** Of that, what no ModelRequest says. */
export interface AskedRoute {
  /** The backend that the client names, in its base URL, in a header or by its key. */
  readonly backend: string | undefined;
  /** What the configuration calls the access token it presented. */
  readonly token: string | undefined;
  readonly path: string;
  readonly headers: Headers;
  /** Of its body, as sent. */
  readonly bytes: number;
  /** It brings tools. */
  readonly hasTools: boolean;
  /** It asks for thinking. */
  readonly thinks: boolean;
  /** The backend that made the response which is asked for, or gone on from; nobody else has it. */
  readonly keeper?: Keeper | undefined;
  /** Who made the response that is gone on from, where it is kept here: anybody can. */
  readonly maker?: Maker | undefined;
}

export interface Keeper {
  readonly backend: string;
  readonly response: string;
  /** Whether the response itself is asked for; else a model is to go on from it. */
  readonly isAsked: boolean;
}

/** A rule matches where everything it says holds. */
export interface RoutingRule {
  /** As it is spoken of. */
  readonly name: string;
  readonly model?: RegExp | undefined;
  /** Of the path, its beginning. */
  readonly path?: string | undefined;
  /** By lower-case name; an empty pattern for any value. */
  readonly headers?: ReadonlyMap<string, RegExp> | undefined;
  /** By the name of its caller's access token, which it must have. */
  readonly token?: RegExp | undefined;
  readonly wireFormat?: WireFormatId | undefined;
  readonly minBytes?: number | undefined;
  readonly hasTools?: boolean | undefined;
  readonly thinks?: boolean | undefined;
  readonly backend?: string | undefined;
  /** Asked for in place of the request's own. */
  readonly toModel?: string | undefined;
  readonly relay?: RelayRule | undefined;
  readonly options?: RunOptions | undefined;
}

/** `when-possible`: a request travels as it came wherever the upstream speaks its format. */
export type RelayRule = "when-possible" | "never" | "always";

export interface Choice<B = Backend> {
  readonly backend: B;
  readonly model: string | undefined;
  readonly relay: RelayRule;
  /** How it is run. */
  readonly options: RunOptions;
  /** The configuration says what it is asked for. */
  readonly setsModel?: boolean;
  /** Why, as a sentence. */
  readonly why: string;
}

export interface RoutingOptions<B = Backend> {
  /** The first answers what nothing else is said of. */
  readonly backends: readonly [B, ...B[]];
  readonly rules: readonly RoutingRule[];
  readonly claims: readonly Claim[];
  /** Names of backends, also of such as are not here: before a model's they are no part of it. */
  readonly ownNames?: readonly string[];
  /** Who stands in for a backend that cannot answer, in this order. */
  readonly fallbacks?: ReadonlyMap<string, readonly Fallback[]>;
}

type Named = Pick<Backend, "id"> & Partial<Pick<Backend, "answersBy" | "knownModels">>;

/** Names of models that go to a backend by themselves. */
export interface Claim {
  readonly backend: string;
  /** As it was written. */
  readonly model: string;
  readonly pattern: RegExp;
}

export interface Routing<B = Backend> {
  readonly backends: RoutingOptions<B>["backends"];
  fallbacksOf(backend: string): readonly Fallback[];
  /** Throws GatewayError `not-found` for a backend that there is none of, `model-not-found` for one that is mistyped in it. */
  choose(facts: RoutingFacts): Choice<B>;
  /** The same for a name and nothing else, by the rules that look at nothing else. Throws as `choose` does. */
  chooseByName(model: string | undefined): Choice<B>;
}

/**
 * Who keeps the response that is asked for; then the first rule that matches; then the backend the client names; then the
 * one its model's name begins with (`openai/gpt-6`); then the one that claims the model; then, where no model is named, who
 * keeps the response that is gone on from, or made it; then the first, unless the name begins with what must be a mistyped backend. A
 * rule that names no backend leaves that open.
 */
export function createRouting<B extends Named>(options: RoutingOptions<B>): Routing<B> {
  const { backends, rules, claims, fallbacks } = options;
  const find = (id: string): B => backends.find((backend) => backend.id === id) ?? unknown(id, options);
  return {
    backends,
    fallbacksOf: (backend) => fallbacks?.get(backend) ?? [],
    choose(facts) {
      const { keeper } = facts;
      if (keeper?.isAsked === true)
        return { backend: find(keeper.backend), model: undefined, relay: "always", options: {}, why: "It keeps it." };
      return chooseBy(
        rules.find((rule) => mismatchOf(rule, facts) === undefined),
        facts,
      );
    },
    chooseByName(model) {
      const byName = rules.filter((rule) => !looksAtMore(rule));
      return chooseBy(
        byName.find((rule) => rule.model === undefined || rule.model.test(model ?? "")),
        { model, backend: undefined },
      );
    },
  };

  function chooseBy(rule: RoutingRule | undefined, facts: Deciding): Choice<B> {
    const { toModel, relay = "when-possible", options: run = {} } = rule ?? {};
    const model = toModel ?? facts.model;
    const chosen = choose(rule, { ...facts, model });
    const backend = chosen.id === undefined ? backends[0] : find(chosen.id);
    const asBefore = facts.maker?.backend === backend.id ? facts.maker.model : undefined;
    return {
      backend,
      model: chosen.model ?? model ?? asBefore,
      setsModel: toModel !== undefined,
      relay,
      options: run,
      why: rule === undefined || rule.backend !== undefined ? chosen.why : `By the rule ${rule.name}. ${chosen.why}`,
    };
  }

  function choose(rule: RoutingRule | undefined, { model, backend, keeper, maker }: Deciding): Chosen {
    const named = nameBefore(model, options);
    if (rule?.backend !== undefined) return { ...named, id: rule.backend, why: `The rule ${rule.name} says so.` };
    if (backend !== undefined) {
      // A router of many vendors' models calls them so itself, which a CLI does not.
      const isPrefix = named.id === backend || find(backend).answersBy === "processes";
      return { ...(isPrefix && named), id: backend, why: "The client names it." };
    }
    if (named.id !== undefined) return { ...named, why: "The model's name begins with it." };
    const claim = claims.find(({ pattern }) => model !== undefined && pattern.test(model));
    if (claim !== undefined) return { id: claim.backend, why: `It claims models called ${claim.model}.` };
    if (model === undefined && keeper !== undefined)
      return { id: keeper.backend, why: "It keeps the response that the request goes on from." };
    // The configuration may have another set of them since.
    if (model === undefined && backends.some(({ id }) => id === maker?.backend))
      return { id: maker?.backend, why: "It made the response that the request goes on from." };
    refuseMistyped(model, options);
    return { why: "Nothing else is said of it." };
  }
}

/** What decides beside the rules. */
type Deciding = Pick<RoutingFacts, "model" | "backend" | "keeper" | "maker">;

interface Chosen {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly why: string;
}

/** What of a rule does not hold for these facts, as it is called in the configuration; undefined where all of it does. */
export function mismatchOf(rule: RoutingRule, facts: RoutingFacts): string | undefined {
  const header = [...(rule.headers ?? [])].find(([name, pattern]) => !pattern.test(facts.headers.get(name) ?? ""));
  const held: readonly (readonly [string, boolean])[] = [
    ["model", rule.model === undefined || rule.model.test(facts.model ?? "")],
    ["path", rule.path === undefined || facts.path.startsWith(rule.path)],
    ["token", rule.token === undefined || (facts.token !== undefined && rule.token.test(facts.token))],
    ["wire_format", rule.wireFormat === undefined || rule.wireFormat === facts.wireFormat],
    ["min_kb", rule.minBytes === undefined || facts.bytes >= rule.minBytes],
    ["tools", rule.hasTools === undefined || rule.hasTools === facts.hasTools],
    ["thinking", rule.thinks === undefined || rule.thinks === facts.thinks],
    [`headers.${header?.[0] ?? ""}`, header === undefined],
  ];
  return held.find(([, holds]) => !holds)?.[0];
}

/** Models of CLIs have no slash, and their vendors take long to say so. Throws GatewayError `model-not-found`. */
function refuseMistyped(model: string | undefined, { backends }: Pick<RoutingOptions<Named>, "backends">): void {
  const [first] = backends;
  const [before = "", ...rest] = model?.split("/") ?? [];
  if (model === undefined || rest.length === 0 || first.answersBy !== "processes") return;
  const meant = nearest(
    before,
    backends.map(({ id }) => id),
  );
  if (meant === undefined || namesOf(first.knownModels?.() ?? []).includes(model)) return;
  throw new GatewayError("model-not-found", `There is no backend ${JSON.stringify(before.slice(0, 100))} here.`, {
    param: "model",
    hint: `Did you mean ${meant}/${rest.join("/").slice(0, 100)}?`,
  });
}

/** The backend's own name before a slash is no part of the model's. Throws GatewayError `model-not-found`. */
function nameBefore(
  model: string | undefined,
  { backends, ownNames = [] }: Pick<RoutingOptions<Named>, "backends" | "ownNames">,
): Pick<Chosen, "id" | "model"> {
  const slash = model?.indexOf("/") ?? -1;
  const before = model?.slice(0, Math.max(0, slash));
  if (before === undefined || !(ownNames.includes(before) || backends.some(({ id }) => id === before))) return {};
  const rest = model?.slice(slash + 1);
  if (rest !== "") return { id: before, model: rest };
  throw new GatewayError("model-not-found", `${model} names no model.`, {
    param: "model",
    hint: "The model's name follows the slash; GET /v1/models lists them.",
  });
}

/** At more of a request than the name of its model. */
function looksAtMore({ path, headers, token, wireFormat, minBytes, hasTools, thinks }: RoutingRule): boolean {
  return [path, headers, token, wireFormat, minBytes, hasTools, thinks].some((looked) => looked !== undefined);
}

function unknown(id: string, { backends, ownNames = [] }: Pick<RoutingOptions<Named>, "backends" | "ownNames">): never {
  const ids = backends.map((backend) => backend.id);
  const near = ownNames.includes(id) ? undefined : nearest(id, ids);
  throw new GatewayError("not-found", `There is no backend ${JSON.stringify(id.slice(0, 100))} here.`, {
    hint:
      near === undefined
        ? `Those here: ${ids.join(", ")}. \`codex.enabled\` and \`providers\` in the configuration add others.`
        : `Did you mean ${near}?`,
  });
}
