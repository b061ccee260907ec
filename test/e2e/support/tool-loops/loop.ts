/** A client's own tools, and what a loop over them comes to, in one common form for all clients. */
import { z } from "zod";

import type { WireFormatId } from "#core/request.ts";

import type { Clients } from "../clients.ts";

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodObject;
  readonly run: (input: unknown) => string;
}

export interface Call {
  readonly name: string;
  readonly input: unknown;
}

export interface Toolbox {
  readonly tools: readonly Tool[];
  /** What was run, in the order of its runs. */
  readonly ran: readonly Call[];
  /** Runs the tool of that name. */
  readonly run: (name: string, input: unknown) => string;
}

export interface Task {
  readonly model: string;
  readonly prompt: string;
  readonly toolbox: Toolbox;
}

/** undefined where the client has no way to say it. */
export interface Outcome {
  readonly text: string;
  /** One for each request, in the words of the client. */
  readonly finishes: readonly (string | null | undefined)[] | undefined;
  /** Input and output tokens of each request, or of all together. */
  readonly tokens: readonly (readonly [number | undefined, number | undefined])[] | undefined;
}

export interface Loop {
  readonly name: string;
  readonly format: WireFormatId;
  run(clients: Clients, task: Task): Promise<Outcome>;
}

/** Far more rounds than any test asks for: a loop that does not end is a failure, not a hang. */
export const MOST_ROUNDS = 12;

const cities = z.object({ city: z.string().describe("Its name."), days: z.number().optional() });
const order = z.object({ lines: z.array(z.object({ item: z.string(), options: z.object({ size: z.string() }) })) });

export function createToolbox(): Toolbox {
  const ran: Call[] = [];
  const tool = (name: string, description: string, schema: z.ZodObject): Tool => ({
    name,
    description,
    schema,
    run(input) {
      ran.push({ name, input });
      return resultOf({ name, input });
    },
  });
  const tools = [
    tool("get_weather", "The weather in a city.", cities),
    tool("place_order", "Orders things.", order),
    tool("now", "The time.", z.object({})),
  ];
  return {
    tools,
    ran,
    run(name, input) {
      const found = tools.find((one) => one.name === name);
      if (found === undefined) throw new Error(`The model called ${name}, which nobody offered.`);
      return found.run(input);
    },
  };
}

/** What the tools give back: it says which call it answers. */
export function resultOf({ name, input }: Call): string {
  return `${name} of ${JSON.stringify(input)} is fine, “äöü” 🙂`;
}

export function jsonSchemaOf({ schema }: Tool): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema);
  return rest;
}
