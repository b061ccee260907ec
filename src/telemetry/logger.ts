/**
 * What the process says about itself: the text log and the line of each finished request. It writes
 * to stderr and to a file, never to stdout, and nothing leaves it with a secret or a prompt inside.
 */
import { createConsola } from "consola/core";

import type { GatewayError } from "#core/errors.ts";
import type { AccessLogRow } from "#store/access-log.ts";

import { accessFields, accessLevel, accessText } from "./access-line.ts";
import { logText, type LogValue, toLogValue } from "./log-data.ts";
import { type LogSink, openLogFile } from "./log-file.ts";
import { createPrettyRenderer, type LogEntry, renderJson, type RenderEntry } from "./log-format.ts";
import { createStreamSink, type LogStream } from "./log-stream.ts";

type LogLevel = "silent" | "error" | "warn" | "info" | "debug" | "trace";

/** What may go with a message: values under `data`, and an error under `error`. Both are redacted and cut. */
interface LogExtra {
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
  access(row: AccessLogRow, error?: GatewayError): void;
  close(): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Of the stream: `auto` is pretty on a terminal and JSON elsewhere. A file is always JSON. */
  readonly format: "auto" | "pretty" | "json";
  readonly file?: string | undefined;
  readonly maxFileMb: number;
  /** Full files kept beside the current one. */
  readonly maxFiles: number;
  /** Usually process.stderr. */
  readonly stream: LogStream;
  readonly colour?: boolean | undefined;
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
    reporters: [{ log: ({ date, type, args }) => emit(newEntry(levelOf(type), String(args[0]), args[1], date)) }],
  });
  return {
    // The message is always a string: consola takes a lone object for a whole record, level and all.
    error: (message, extra) => consola.error(message, extra),
    warn: (message, extra) => consola.warn(message, extra),
    info: (message, extra) => consola.info(message, extra),
    debug: (message, extra) => consola.debug(message, extra),
    trace: (message, extra) => consola.trace(message, extra),
    access(row, error) {
      const level = accessLevel(row);
      if (levels[level] > levels[options.level]) return;
      const time = new Date(row.endedAt ?? row.receivedAt);
      for (const { pretty, render, sink } of outputs)
        sink.write(
          render(
            pretty
              ? { time, level, message: accessText(row, error), fields: {} }
              : { time, level, message: "request", fields: accessFields(row, error) },
          ),
          level === "info",
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
  const pretty = format === "auto" ? terminal : format === "pretty";
  const render = pretty ? createPrettyRenderer(colour ?? terminal) : renderJson;
  const sink = createStreamSink(stream, {
    describeDropped: (lines) =>
      render(newEntry("warn", "Log lines were dropped: nobody read them.", { data: { lines } })),
  });
  const toStream = { pretty, render, sink };
  if (file === undefined) return [toStream];
  const fileSink = openLogFile({
    path: file,
    maxBytes: maxFileMb * 1024 * 1024,
    maxFiles,
    onLost: (error) => sink.write(render(newEntry("error", `The log file ${file} cannot be written.`, { error }))),
  });
  return [toStream, { pretty: false, render: renderJson, sink: fileSink }];
}

function newEntry(level: LogEntry["level"], message: string, extra: unknown, time = new Date()): LogEntry {
  return { time, level, message: logText(message), fields: extraFields(extra) };
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
