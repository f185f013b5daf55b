import { Scripted } from "../../../mcp/testing/scripted.ts";
import type { MethodName, ParamsIn, Result } from "../../../protocol/index.ts";
import type { CallOptions, Session, SessionState, SubscribeOptions, Subscription } from "../../client/types.ts";

type Events = Parameters<Session["subscribe"]>[1];

/** A session whose answers the test gives, and which has one subscription at most. */
export class FakeSession extends Scripted implements Session {
  state: SessionState = "open";
  /** What the present subscription asked for, and where its events go. */
  following: { readonly options: SubscribeOptions; readonly onEvents: Events } | undefined;

  call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    return this.answer(method, params, options);
  }

  async subscribe(options: SubscribeOptions, onEvents: Events): Promise<Subscription> {
    this.following = { options, onEvents };
    return {
      cursor: 0,
      stop: async () => {
        this.following = undefined;
      },
    };
  }

  async close(): Promise<void> {
    this.state = "closed";
  }

  onState(): void {}
}
