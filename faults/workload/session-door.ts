import { ConnectionLost } from "../../cli/client/failures.ts";
import { startSession } from "../../cli/client/session.ts";
import { CliError } from "../../cli/errors.ts";
import type { Event, MethodName } from "../../protocol/index.ts";
import { REFUSALS } from "../../protocol/refusals.ts";
import { ALL_METHODS, type Door, PATIENCE_MS, type Told } from "./door.ts";

export interface SessionDoor extends Door {
  /** Follows the log; survives what the session survives. */
  follow(after: number, onEvents: (events: readonly Event[], cursor: number) => void): Promise<void>;
}

/** coord's own session client: one socket, opened again when it breaks, everything unanswered asked again under its key. */
export function sessionDoor(url: string): SessionDoor {
  const session = startSession({ url, workspace: "default" }, { autostart: false, giveUpMs: PATIENCE_MS });
  return {
    methods: ALL_METHODS,
    async call(method, params): Promise<Told> {
      try {
        const onBreak = method === "tasks/wait" && params.after === undefined ? "reject" : "resend";
        return { ok: await session.call(method as MethodName, params as never, { onBreak }) };
      } catch (error) {
        if (error instanceof ConnectionLost || !(error instanceof CliError)) return "lost";
        return refusalOf(error);
      }
    },
    async follow(after, onEvents) {
      await session.subscribe({ after }, onEvents);
    },
    close: () => session.close(),
  };
}

/** The refusal as it was on the wire, from the error that the client made of it. */
export function refusalOf({ message, data }: Pick<CliError, "message" | "data">): Told {
  const code = REFUSALS[data.code as keyof typeof REFUSALS]?.rpc;
  return code === undefined ? "lost" : { no: { code, message, data } };
}
