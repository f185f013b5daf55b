import type { Command } from "commander";
import { type ActorOptions, agentOf, contextOf } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";

interface Options extends ActorOptions {
  dryRun?: boolean;
}

const SHAPE = `
A plan is a list of tasks in YAML or JSON, in any order:

  - ref: parser                # a name for it within the plan
    name: build the parser
    review: required
  - name: ship it
    kind: build
    depends_on: [parser, 12]   # a sibling's ref, or a task on the board

Each takes what \`coord send\` takes: name, kind, priority, description, payload,
labels, assignee, performer, review, required_approvals, state, depends_on.`;

export function register(program: Command): void {
  const command = program
    .command("plan")
    .description("post many tasks that depend on each other at once: all of them, or none where one is refused")
    .argument("<file>", "plan.yaml, plan.json, or - for standard input")
    .option("--dry-run", "show what would be posted, and what is wrong with it; post nothing");
  withExamples(withKey(withAgent(command)), "coord plan release.yaml --dry-run", "coord plan - --as harbor-lynx < release.json")
    .addHelpText("after", SHAPE)
    .action(async (file: string, _options: unknown, self: Command) => {
      const { options, call, target, introduce, show, space } = contextOf<Options>(self);
      const [{ readPlan }, { planOf }, output] = await Promise.all([
        import("../plan/read.ts"),
        import("../plan/plan.ts"),
        import("../output/plan.ts"),
      ]);
      const plan = planOf(readPlan(file));
      if (options.dryRun) {
        const [{ checkAgainstBoard }, { badPlan }] = await Promise.all([import("../plan/board.ts"), import("../plan/mistakes.ts")]);
        const { mistakes, remarks } = await checkAgainstBoard(plan, (id) => call("tasks/get", { id }, { autostart: false }));
        if (mistakes.length > 0) throw badPlan(plan.source, mistakes);
        const tasks = plan.order.map((at) => plan.tasks[at]?.params);
        show({ dry_run: true, tasks, remarks }, () => output.dryRunLines(plan, remarks, space));
        return;
      }
      await introduce();
      const { postPlan } = await import("../plan/post.ts");
      const tasks = await postPlan(plan, target, { by: agentOf(options), key: options.idempotencyKey });
      const named = tasks.map((task, at) => ({ ref: plan.tasks[at]?.ref ?? null, ...task }));
      show(named, () => output.postedLines(plan, tasks, space));
    });
}
