import type { Command } from "commander";
import type { MethodName, ParamsIn, Result } from "../../../protocol/index.ts";
import { call, type HttpOptions } from "../../client/http.ts";
import type { Target } from "../../client/types.ts";
import { type GlobalOptions, target } from "../../config.ts";
import { CliError } from "../../errors.ts";
import { printJson, printLines } from "../../output/print.ts";
import type { TableSpace } from "../../output/table.ts";
import { columns, hasColour } from "../../output/terminal.ts";
import { ME, whoIsMe } from "../../person.ts";

/** What a client command works with. */
export interface Context<Options> {
  readonly options: Options & GlobalOptions;
  readonly target: Target;
  readonly space: TableSpace;
  readonly now: number;
  /** One request over HTTP; starts the default server where none runs. */
  call<M extends MethodName>(method: M, params: ParamsIn<M>, http?: HttpOptions): Promise<Result<M>>;
  /** Tells the board that `--as me` is a person, once, where it is the remembered one; `call` does it by itself. */
  introduce(): Promise<void>;
  /** Prints the value with `--json`, the lines without it. */
  show(value: unknown, lines: () => readonly string[]): void;
}

export function contextOf<Options = object>(command: Command): Context<Options> {
  const options = command.optsWithGlobals() as Options & GlobalOptions;
  const to = target(options);
  let introduced: Promise<void> | undefined;
  const introduce = () => {
    introduced ??= introducePerson(to, options as ActorOptions);
    return introduced;
  };
  return {
    options,
    target: to,
    space: { columns: columns(), colour: hasColour() },
    now: Date.now(),
    introduce,
    call: async (method, params, http) => {
      await introduce();
      return call(to, method, params, http);
    },
    show: (value, lines) => (options.json ? printJson(value) : printLines(lines())),
  };
}

/** A board learns of its people by their first call; one that comes without a type would be taken for an agent. */
async function introducePerson(to: Target, options: ActorOptions): Promise<void> {
  if (namedActor(options) !== ME) return;
  const { handle, isPerson } = whoIsMe();
  if (isPerson) await call(to, "agents/heartbeat", { id: handle, type: "user" });
}

export interface ActorOptions {
  as?: string;
  claimId?: string;
  idempotencyKey?: string;
}

function namedActor(options: ActorOptions): string | undefined {
  return options.as ?? (process.env.COORD_AS || undefined);
}

/**
 * The handle that acts: `--as`, else COORD_AS; undefined where neither is given. `me` is whoever `whoIsMe` says.
 * A remembered person acts by that word only: an agent that forgot its handle must not approve its own work as somebody else.
 */
export function agentOf(options: ActorOptions): string | undefined {
  const named = namedActor(options);
  return named === ME ? whoIsMe().handle : named;
}

/** As `agentOf`, for commands that are nothing without a handle. */
export function requireAgent(options: ActorOptions): string {
  const agent = agentOf(options);
  if (agent !== undefined) return agent;
  throw new CliError("no agent is named, and this command acts as one", {
    next: "add --as HANDLE, or set it once: export COORD_AS=harbor-lynx   (a person: --as me)",
  });
}

/**
 * Who ends or extends a hold. The protocol would let a nameless call act on whoever's hold it is, for older clients' sake;
 * a person at this program who forgot `--as` would end somebody else's work with it.
 */
export function holder(options: ActorOptions): { agent_id?: string; claim_id?: string } {
  const agent = options.claimId === undefined ? requireAgent(options) : agentOf(options);
  return { ...(agent === undefined ? {} : { agent_id: agent }), ...(options.claimId === undefined ? {} : { claim_id: options.claimId }) };
}

/** The parameter, where the option was given; for spreading. */
export function given<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: V };
}

/** The caller's own idempotency key; without one the client makes one for each call. */
export function keyed(options: ActorOptions): { idempotency_key?: string } {
  return given("idempotency_key", options.idempotencyKey);
}

export function actor(options: ActorOptions): { agent_id?: string } {
  return given("agent_id", agentOf(options));
}
