/**
 * What the process says about itself: the text log and the line of each finished request. It writes
 * to stderr and to a file, never to stdout, and nothing leaves it with a secret or a prompt inside.
 */
import { createConsola } from "consola/core";

import type { AccessLogRow } from "#store/access-log.ts";

import { accessFields, accessLevel, accessText } from "./access-line.ts";
import { logText, type LogValue, toLogValue } from "./log-data.ts";
import { type LogSink, openLogFile } from "./log-file.ts";
import { createPrettyRenderer, type LogEntry, renderJson, type RenderEntry } from "./log-format.ts";

export type LogLevel = "silent" | "error" | "warn" | "info" | "debug" | "trace";

/** What may go with a message: values under `data`, and an error under `error`. Both are redacted and cut. */
export interface LogExtra {
  readonly requestId?: string | undefined;
  readonly data?: unknown;
  readonly error?: unknown;
}

type Say = (message: string, extra?: LogExtra) => void;

export interface Logger {
  readonly error: Say;
  readonly warn: Say;
  readonly info: Say;
  readonly debug: Say;
  readonly trace: Say;
  /** The line of one finished request: an error from status 500, a warning from 400 or when it failed, else info. */
  access(row: AccessLogRow): void;
  close(): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto` is pretty on a terminal and JSON elsewhere; a file is pretty only when that is asked for. */
  readonly format: "auto" | "pretty" | "json";
  readonly file?: string | undefined;
  readonly maxFileMb: number;
  /** Full files kept beside the current one. */
  readonly maxFiles: number;
  /** Usually process.stderr. */
  readonly stream: LogStream;
  readonly colour?: boolean | undefined;
}

export interface LogStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** As consola numbers them. */
const levels = { silent: -1, error: 0, warn: 1, info: 3, debug: 4, trace: 5 } as const;

export function createLogger(options: LoggerOptions): Logger {
  const outputs = createOutputs(options);
  const emit = (entry: LogEntry) => {
    for (const { render, sink } of outputs) sink.write(render(entry));
  };
  const consola = createConsola({
    level: levels[options.level],
    // consola swallows repeats within its throttle window; every line here is a fact of its own.
    throttle: Number.NEGATIVE_INFINITY,
    reporters: [{ log: ({ date, type, args }) => emit(textEntry(date, type, args)) }],
  });
  return {
    // The message is always a string: consola takes a lone object for a whole record, level and all.
    error: (message, extra) => consola.error(message, extra),
    warn: (message, extra) => consola.warn(message, extra),
    info: (message, extra) => consola.info(message, extra),
    debug: (message, extra) => consola.debug(message, extra),
    trace: (message, extra) => consola.trace(message, extra),
    access(row) {
      const level = accessLevel(row);
      if (levels[level] > levels[options.level]) return;
      const time = new Date(row.endedAt ?? row.receivedAt);
      for (const { pretty, render, sink } of outputs)
        sink.write(
          render(
            pretty
              ? { time, level, message: accessText(row), fields: {} }
              : { time, level, message: "request", fields: accessFields(row) },
          ),
        );
    },
    close() {
      for (const { sink } of outputs) sink.close();
    },
  };
}

interface Output {
  readonly pretty: boolean;
  readonly render: RenderEntry;
  readonly sink: LogSink;
}

function createOutputs({ format, stream, file, maxFileMb, maxFiles, colour }: LoggerOptions): readonly Output[] {
  const terminal = stream.isTTY === true;
  const toStream = createOutput(
    format === "auto" ? terminal : format === "pretty",
    streamSink(stream),
    colour ?? terminal,
  );
  if (file === undefined) return [toStream];
  const sink = openLogFile({
    path: file,
    maxBytes: maxFileMb * 1024 * 1024,
    maxFiles,
    onLost: (error) => {
      const fields = { error: toLogValue(error) };
      const entry = {
        time: new Date(),
        level: "error",
        message: `The log file ${file} cannot be written.`,
        fields,
      } as const;
      toStream.sink.write(toStream.render(entry));
    },
  });
  return [toStream, createOutput(format === "pretty", sink, false)];
}

function createOutput(pretty: boolean, sink: LogSink, colour: boolean): Output {
  return { pretty, sink, render: pretty ? createPrettyRenderer(colour) : renderJson };
}

/** Whoever reads stderr may go away (`ccproxy serve 2>&1 | head`); unheard, that error would end the process. */
function streamSink(stream: LogStream): LogSink {
  stream.on("error", () => {});
  return { write: (line) => void stream.write(line), close: () => {} };
}

function textEntry(time: Date, type: string, args: readonly unknown[]): LogEntry {
  const [message, extra] = args;
  return { time, level: levelOf(type), message: logText(String(message)), fields: extraFields(extra) };
}

function levelOf(type: string): LogEntry["level"] {
  return type === "error" || type === "warn" || type === "debug" || type === "trace" ? type : "info";
}

function extraFields(extra: unknown): Readonly<Record<string, LogValue>> {
  if (typeof extra !== "object" || extra === null) return {};
  return {
    ...("requestId" in extra && extra.requestId !== undefined && { request_id: toLogValue(extra.requestId) }),
    ...("data" in extra && extra.data !== undefined && { data: toLogValue(extra.data) }),
    ...("error" in extra && extra.error !== undefined && { error: toLogValue(extra.error) }),
  };
}
