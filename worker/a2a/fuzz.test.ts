import fc from "fast-check";
import { expect, it } from "vitest";
import { a2aCall, EXTENSION, EXTENSION_CALLS } from "../../tests/fuzz/a2a-calls.ts";
import { EXTENSION_METHOD_NAMES } from "./methods.ts";
import { A2ABoard } from "./testing.ts";

it("every method of the extension is among what is sent", () => {
  expect(EXTENSION_CALLS).toEqual(EXTENSION_METHOD_NAMES);
});

it("whatever is sent, the answer is a result or a refusal that says what is wrong; never a bug", async () => {
  const a2a = new A2ABoard();
  await a2a.post("there is one task", { review: "required" });
  await fc.assert(
    fc.asyncProperty(a2aCall, async ({ version, method, params }) => {
      const { status, body } = await a2a.ask(method, params, { version, extensions: EXTENSION });
      expect(status).toBe(200);
      if (!body.error) return;
      expect([body.error.code, body.error.message], JSON.stringify([method, params])).not.toEqual([-32603, expect.anything()]);
    }),
    { numRuns: 600 },
  );
  await a2a.board.waiting(0);
}, 60_000);
