import type { PlanWriter } from '../netlink/plan.ts';
import { Hold } from '../netns/hold.ts';
import type { Holder } from './holder.ts';

/** What is held of a namespace that only a holder may enter: plans go there first. */
export class RootlessHold extends Hold {
  readonly holder: Holder;
  readonly #released: () => void;

  /** @param released called once, when the handle is closed */
  constructor(fd: number, holder: Holder, released: () => void) {
    super(fd);
    this.holder = holder;
    this.#released = released;
  }

  override check(operation: string): void {
    super.check(operation);
    this.holder.check(operation);
  }

  override enter(plan: PlanWriter): void {
    plan.holder(this.holder.control);
    super.enter(plan);
  }

  override begin(): void {
    super.begin();
    this.holder.begin();
  }

  override end(): void {
    super.end();
    this.holder.end();
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.#released();
  }
}
