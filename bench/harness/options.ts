import { parseArgs } from "node:util";

/** What was asked for on the command line. */
export interface Options {
  /** Names of cases; empty: all. */
  readonly cases: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly help: boolean;
  /** Servers to be measured beside coord, with a trailing slash. */
  readonly against: readonly string[];
  readonly worker: string | undefined;
  readonly program: string | undefined;
  /** Another build's `dist/`. */
  readonly before: string | undefined;
  /** Where the page goes; undefined: nowhere. */
  readonly write: boolean;
  /** How long the memory is watched beyond the short run, in hours. */
  readonly hours: number;
  /** The arguments as they were given, for the page; a server's address is left out of it. */
  readonly command: string;
}

/** The arguments cannot be what was meant; the message says why. */
export class BadArguments extends Error {}

/**
 * Reads the arguments of `npm run bench`. A full run writes the page; `--quick`, a choice of cases and a run against a worker or program of
 * another build do not unless `--write` asks for it, so that no look at one figure replaces a page that was made with care.
 * @throws BadArguments
 */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parsed(args);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new BadArguments(`no such case: ${unknown}; there are ${known.join(", ")}`);
  const hours = values.hours === undefined ? 0 : Number(values.hours);
  if (!Number.isFinite(hours) || hours < 0) throw new BadArguments(`--hours takes a number of hours, not ${values.hours}`);
  const isWhole = positionals.length === 0 && !values.quick && values.worker === undefined && values.program === undefined;
  return {
    cases: positionals,
    quick: values.quick,
    json: values.json,
    help: values.help,
    against: (values.against ?? []).map(serverAddress),
    worker: values.worker,
    program: values.program,
    before: values.before,
    write: values["no-write"] ? false : values.write || isWhole,
    hours,
    command: commandOf(args),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        "no-write": { type: "boolean", default: false },
        against: { type: "string", multiple: true },
        hours: { type: "string" },
        worker: { type: "string" },
        program: { type: "string" },
        before: { type: "string" },
      },
    });
  } catch (error) {
    throw new BadArguments((error as Error).message.split(". To specify")[0]!);
  }
}

function serverAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new BadArguments(`--against takes a URL such as http://127.0.0.1:8080/, not ${text}`);
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

/** Paths and addresses are the machine's own and say nothing to a stranger. */
function commandOf(args: readonly string[]): string {
  const shown: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const name = /^--(against|worker|program|before)(=|$)/.exec(args[at]!);
    if (!name) shown.push(args[at]!);
    else {
      shown.push(`--${name[1]}`, name[1] === "against" ? "URL" : name[1] === "before" ? "DIST" : "FILE");
      if (name[2] === "") at += 1;
    }
  }
  return ["npm run bench", ...(shown.length > 0 ? ["--", ...shown] : [])].join(" ");
}
