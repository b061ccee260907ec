/** A client's conversation with a backend, in which whatever is said has to arrive, in its order, with its roles and ids. */
import { expect } from "bun:test";

import type { Answer, Asker, Question, Turn } from "../support/pair-clients.ts";
import { conversationIn, type Seen } from "../support/pair-upstreams.ts";
import type { ProviderBench } from "../support/provider-bench.ts";
import { type BackendName, backends } from "./backends.ts";
import { talkTable } from "./table.ts";

export interface Talk {
  readonly backend: BackendName;
  readonly asker: Asker;
  readonly bench: ProviderBench;
  /** Says more, and reads what is answered; `more`: members of the body that only this format has. */
  say(turns: readonly Turn[], more?: object): Promise<Answer>;
  /** The same without a word on what becomes of it. */
  put(turns: readonly Turn[], more?: object): Promise<Answer>;
}

interface TalkOptions extends Pick<Talk, "backend" | "asker" | "bench"> {
  /** What is said next goes on from what was said before. */
  readonly goesOn: boolean;
}

const system = "Be brief. ü";
const tools = [{ name: "weather", schema: { type: "object", properties: { city: { type: "string" } } } }];

/** A bare model, where it is an agent's. */
export const chatMode = { "x-ccproxy-mode": "chat" };

export function openTalk({ backend, asker, bench, goesOn }: TalkOptions): Talk {
  const { at, model, speaks } = backends[backend];
  const always = talkTable.anything[backend][asker.format];
  const unheard = always.holds === "named" ? always.fields.join(", ") : null;
  let said: readonly Turn[] = [];
  const ask = (turns: readonly Turn[], more: object): Promise<Answer> => {
    const question: Question = { model, system, tools, turns, more };
    return asker.ask(bench.clients(at, chatMode), question);
  };
  /** What fails is not gone on with. */
  const take = (): readonly Turn[] => {
    const before = said;
    said = [];
    return goesOn ? before : [];
  };
  return {
    backend,
    asker,
    bench,
    put: (turns, more = {}) => ask([...take(), ...turns], more),
    async say(more, members = {}) {
      // Results are nothing without their calls.
      const before = more.some((turn) => "results" in turn) && !goesOn ? said : take();
      const turns = [...before, ...more];
      const answer = await ask(turns, members);
      if (answer.text !== "") said = [...turns, { assistant: answer.text, calls: answer.calls }];
      const { requestId, headers } = bench.traffic.last();
      const row = { status: 200, errorKind: null, backend, finishReason: expect.any(String) };
      bench.expectRow(requestId, { ...row, ...(goesOn && before.length > 0 && { start: "live" as const }) });
      expect(answer.model).toBe(model);
      expect(headers.get("x-ccproxy-ignored-params")).toBe(unheard);
      const seen = wordsOf(conversationIn(speaks, bench.lastAsked().body));
      expect(seen).toEqual([["system", system], ...turns.flatMap(seenOf)]);
      return answer;
    },
  };
}

function seenOf(turn: Turn): Seen {
  if ("user" in turn) return [["user", turn.user], ...(turn.png === undefined ? [] : [["user", "image"] as const])];
  if ("results" in turn) return turn.results.map(({ id, text }) => ["result", id, text]);
  return [
    ["assistant", turn.assistant],
    ...turn.calls.map(({ id, name, input }) => ["call", id, name, input] as const),
  ];
}

/** Claude Code says of itself what it is. */
const ofTheCli = /^x-anthropic-billing-header|^You are a Claude agent/;

/** Without what was thought, and what a CLI says for itself; a developer's instructions are the system's. */
function wordsOf(seen: Seen): Seen {
  return seen
    .map(([kind, ...what]) => [kind === "developer" ? "system" : kind, ...what] as const)
    .filter(([kind, what]) => what !== "thinking" && !(kind === "system" && ofTheCli.test(String(what))));
}
