import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { noteLines } from "../output/notes.ts";
import { type ActorOptions, actor, contextOf, keyed, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";
import { uuid, words } from "./shared/words.ts";

interface Options extends ActorOptions {
  retract?: string;
  purge?: string;
  reason?: string;
}

export function register(program: Command): void {
  const command = program
    .command("note")
    .description("say something on a task, for ever; @handle wakes who waits with --mentions, and is in their next check-in")
    .argument("[id]", "number, id, or its first 4 or more characters")
    .argument("[text]", "markdown; - for standard input")
    .option("--retract <note>", "as the owner, withhold a note's words; that there was one stays")
    .option("--purge <note>", "as the owner, overwrite the words of a note that leaked a secret")
    .option("--reason <text>", "with --retract or --purge: why; kept in the history");
  withExamples(
    withKey(withAgent(command)),
    "coord note 12 'the fixture is in tests/data, @quiet-owl' --as harbor-lynx",
    "git diff --stat | coord note 12 - --as harbor-lynx",
    "coord note 12 --as harbor-lynx -- '- words that begin with a dash'",
    "coord note --purge 8f3a52c1-… --reason 'a token was in it' --as me",
  ).action(async (id: string | undefined, text: string | undefined, _options: unknown, self: Command) => {
    const { options, call, show, space, now } = contextOf<Options>(self);
    const withdrawn = options.retract ?? options.purge;
    if (withdrawn === undefined) {
      if (id === undefined || text === undefined)
        throw new CliError("a note needs a task and words", { next: "coord note ID 'words' --as HANDLE" });
      if (options.reason !== undefined) throw new CliError("--reason goes with --retract or --purge", { next: "coord note --help" });
      const note = await call("notes/add", {
        id: taskRef(id),
        agent_id: requireAgent(options),
        body: words("the note", text),
        ...keyed(options),
      });
      show(note, () => noteLines(note, now, space));
      return;
    }
    if (options.retract !== undefined && options.purge !== undefined)
      throw new CliError("a note is retracted or purged, one at a time", { next: "coord note --help" });
    if (id !== undefined) throw new CliError("--retract and --purge take a note, and no task beside it", { next: "coord note --help" });
    if (options.reason === undefined) throw new CliError("why? A reason is kept in place of the words", { next: "add --reason 'why'" });
    const params = { note_id: uuid("note", withdrawn), reason: words("--reason", options.reason), ...actor(options), ...keyed(options) };
    const note = await call(options.purge === undefined ? "notes/retract" : "notes/purge", params);
    show(note, () => noteLines(note, now, space));
  });
}
