/** What settings are made of: a type, its bounds, and the sentence that documents it. */
import * as v from "valibot";

export const modes = ["agent", "chat"] as const;
export const efforts = ["low", "medium", "high", "xhigh", "max"] as const;
export const wireFormats = ["openai-chat", "openai-responses", "anthropic-messages"] as const;

export const text = (description: string) => v.pipe(v.string(), v.nonEmpty(), v.description(description));

export const someName = v.pipe(v.string(), v.nonEmpty());

export const texts = (description: string) =>
  v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.description(description));

export const whole = (minimum: number, maximum: number, description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum), v.description(description));

export const amount = (minimum: number, maximum: number, description: string) =>
  v.pipe(v.number(), v.minValue(minimum), v.maxValue(maximum), v.description(description));

export const choice = <const Options extends readonly string[]>(options: Options, description: string) =>
  v.pipe(v.picklist(options), v.description(description));

export const accessToken = (description: string) =>
  v.pipe(v.string(), v.minLength(8), v.regex(/^[\x21-\x7E]+$/), v.description(description));
