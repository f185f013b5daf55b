import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { ME, whoIsMe } from "../person.ts";

/** Who sits at the screen, and under which handle approvals and notes are made. */
export class Actor {
  readonly handle: string;
  readonly #isPerson: boolean;
  #introduced: Promise<unknown> | undefined;

  constructor(handle: string, isPerson: boolean) {
    this.handle = handle;
    this.#isPerson = isPerson;
  }

  /** Tells the board once that a remembered person is one: somebody who first comes without a type would be taken for an agent. */
  async introduce(session: Session): Promise<void> {
    if (!this.#isPerson) return;
    this.#introduced ??= session.call("agents/heartbeat", { id: this.handle, type: "user" }).catch((error: unknown) => {
      this.#introduced = undefined;
      throw error;
    });
    await this.#introduced;
  }
}

/**
 * `--as`, else `me`: whoever looks at a screen and presses its keys is taken for the person at this machine, or for whom COORD_AS names.
 * Undefined where nothing says who that is: then one can look, and is told how to say it when a key acts in one's name.
 * @throws CliError where `--as me` was asked for by name and nobody is known, or what was remembered cannot be read.
 */
export function actorOf(as: string | undefined, env: Record<string, string | undefined> = process.env): Actor | undefined {
  if (as !== undefined && as !== ME) return new Actor(as, false);
  try {
    const { handle, isPerson } = whoIsMe(env);
    return new Actor(handle, isPerson);
  } catch (error) {
    if (as === undefined && error instanceof CliError) return undefined;
    throw error;
  }
}
