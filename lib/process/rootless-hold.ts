import type { PlanWriter } from '../netlink/plan.ts';
import { Hold } from '../netns/hold.ts';
import type { Holder } from './holder.ts';

/** What is held of a namespace that only a holder can enter: plans go there first. */
export class RootlessHold extends Hold {
  readonly holder: Holder;

  constructor(fd: number, holder: Holder) {
    super(fd);
    this.holder = holder;
    holder.use();
  }

  override enter(plan: PlanWriter): void {
    // plan.holder(this.holder.control);
    super.enter(plan);
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.holder.drop();
  }
}
