import type { PlanWriter } from '../netlink/plan.ts';
import { Hold } from '../netns/hold.ts';
import type { Holder } from './holder.ts';

/** What is held of a namespace that only a holder may enter: plans go there first. */
export class RootlessHold extends Hold {
  readonly holder: Holder;

  constructor(fd: number, holder: Holder, hidden = false) {
    super(fd, undefined, hidden);
    this.holder = holder;
    holder.use();
  }

  override check(operation: string): void {
    super.check(operation);
    this.holder.check(operation);
  }

  override reach(plan: PlanWriter): void {
    plan.holder(this.holder.control);
  }

  override beside(fd: number, _name?: string, hidden = false): Hold {
    return new RootlessHold(fd, this.holder, hidden);
  }

  override begin(): void {
    super.begin();
    this.holder.begin();
  }

  override end(): void {
    super.end();
    this.holder.end();
  }

  override passOn(keep: readonly number[]): Hold {
    const next = super.passOn(keep);
    this.holder.drop();
    return next;
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.holder.drop();
  }
}
